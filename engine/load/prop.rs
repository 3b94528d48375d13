//! Properties of words that templates may mention. Knows nothing of how they are found.

/// A property of a word that is a file, or of a `K=v` word of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Prop {
    /// Path from the exec root.
    Path,
    /// Path from the exec root without `out/`: the same for a source and for a generated file.
    Short,
    /// Folder of `path`, `.` at the root.
    Dir,
    /// Last name without extension.
    Stem,
    /// Last name.
    Name,
    /// Extension with its dot.
    Ext,
    /// `.`, or `out` for a generated file.
    Root,
    /// Path from the action's output folder.
    Rel,
    /// Before the `=` of a map's word.
    Key,
    /// After the `=` of a map's word.
    Value,
    /// Path from the exec root without `out/` and without its extension.
    Base,
    /// The same with `_` for what no identifier may hold.
    Ident,
    /// `base` as the name of one file, which is that of no other `base`.
    Flat,
    /// The word itself if the list has no other; nothing of a longer list.
    Only,
}

impl Prop {
    /// All properties with the names that rule files use.
    pub const ALL: [(&'static str, Prop); 14] = [
        ("path", Prop::Path),
        ("short", Prop::Short),
        ("dir", Prop::Dir),
        ("stem", Prop::Stem),
        ("name", Prop::Name),
        ("ext", Prop::Ext),
        ("root", Prop::Root),
        ("rel", Prop::Rel),
        ("key", Prop::Key),
        ("value", Prop::Value),
        ("base", Prop::Base),
        ("ident", Prop::Ident),
        ("flat", Prop::Flat),
        ("only", Prop::Only),
    ];
}
