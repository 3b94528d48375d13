//! Rules as data: what a rule file says, after reading and checking, each part with its place.
//! Nothing here knows how a rule is applied to a target.

use super::coverage::CoverageRule;
use super::protocol::Protocol;
use crate::base::Place;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A piece of text from a file, with its place.
#[derive(Debug, Clone)]
pub struct Text {
    /// What was written.
    pub text: String,
    /// Where.
    pub place: Place,
}

/// Texts are equal wherever they stand.
impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        self.text == other.text
    }
}

/// All rules and protocols that a workspace may use.
#[derive(Debug, Default)]
pub struct Rules {
    /// Rules by name; bases are not among them, they are merged into the rules that name them.
    pub rules: BTreeMap<String, Arc<Rule>>,
    /// Test protocols by name.
    pub protocols: BTreeMap<String, Arc<Protocol>>,
}

/// A rule: what a target of this kind takes, does and provides.
/// What came from its base stands first, and what the rule says itself replaces equal names.
#[derive(Debug)]
pub struct Rule {
    /// The name that `BUILD.ron` files use.
    pub name: String,
    /// One or more sentences for `eng rules`.
    pub doc: String,
    /// The `rule(..)` itself.
    pub place: Place,
    /// Attributes in order of declaration, with those that every test has at the end.
    pub attrs: Vec<Attr>,
    /// Named lists that later parts may mention.
    pub vars: Vec<Field>,
    /// What a target of this kind does.
    pub actions: Vec<ActionRule>,
    /// Groups of fields that dependents may gather, such as `cc: (headers: [..])`.
    pub groups: Vec<Group>,
    /// What a build leaves behind.
    pub files: Vec<Item>,
    /// How to start the target.
    pub run: Vec<Item>,
    /// What must lie in the runfiles of whoever runs or depends on it.
    pub data: Vec<Item>,
    /// What must lie in the folder of `run`'s program, or of `files` if there is none.
    pub beside: Vec<Item>,
    /// Lists in which no word may come from two targets.
    pub once: Vec<Text>,
    /// The `target` attribute whose provided things are handed on unchanged (an alias).
    pub forwards: Option<Text>,
    /// The `targets` attribute whose tests stand for this target in patterns (a suite).
    pub suite: Option<Text>,
    /// Forms of the target; the first whose conditions hold is taken.
    pub variants: Vec<Variant>,
    /// Kinds of data that say what its program has executed, in the mode for that.
    pub coverage: Vec<CoverageRule>,
    /// How a target of this kind is tested.
    pub test: Option<TestRule>,
}

impl Rule {
    /// The attribute with this name.
    pub fn attr(&self, name: &str) -> Option<&Attr> {
        self.attrs.iter().find(|attr| attr.name == name)
    }
}

/// An attribute of a rule.
#[derive(Debug, Clone)]
pub struct Attr {
    /// Its name.
    pub name: String,
    /// Where it is declared.
    pub place: Place,
    /// What values it takes.
    pub kind: AttrKind,
    /// Value if a target says nothing; may mention attributes above it. A scalar without default
    /// is required, a list without default is empty.
    pub default: Option<Vec<Item>>,
    /// For `eng rules`; may be empty.
    pub doc: String,
}

/// The type of an attribute.
#[derive(Debug, Clone)]
pub enum AttrKind {
    /// One string, out of `one_of` if that is not empty.
    String { one_of: Vec<String> },
    /// A whole number.
    Int,
    /// `true` or `false`.
    Bool,
    /// A list of strings.
    Strings,
    /// One file: a path, or a label whose `files` are taken. Endings in `ext`, if not empty.
    File { ext: Vec<String> },
    /// A list of such files, globs allowed.
    Files { ext: Vec<String> },
    /// Folders of the package; each stands for itself and its twin under `out/`.
    Dirs,
    /// `{"K": "v"}`; a list of words `K=v` with `.key` and `.value`.
    Map,
    /// One target that provides at least one of the groups (any target if none are named).
    Target { provides: Vec<String> },
    /// A list of such targets.
    Targets { provides: Vec<String> },
    /// A program: a label of a target that provides `run`, or a program of the machine.
    Tool(ToolSpec),
    /// A list of programs.
    Tools(ToolSpec),
}

impl AttrKind {
    /// True for kinds that hold a list rather than a single value.
    pub fn is_list(&self) -> bool {
        use AttrKind::*;
        matches!(self, Strings | Files { .. } | Dirs | Map | Targets { .. } | Tools(_))
    }

    /// The name of the kind in rule files.
    pub fn name(&self) -> &'static str {
        match self {
            AttrKind::String { .. } => "string",
            AttrKind::Int => "int",
            AttrKind::Bool => "bool",
            AttrKind::Strings => "strings",
            AttrKind::File { .. } => "file",
            AttrKind::Files { .. } => "files",
            AttrKind::Dirs => "dirs",
            AttrKind::Map => "map",
            AttrKind::Target { .. } => "target",
            AttrKind::Targets { .. } => "targets",
            AttrKind::Tool(_) => "tool",
            AttrKind::Tools(_) => "tools",
        }
    }
}

/// How a program of the machine is found and identified.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ToolSpec {
    /// Ways to find the program that is really used; the first that leads to one counts. Without
    /// any it is the one on PATH.
    pub find: Vec<ToolFind>,
    /// What to do where none leads to one, for the user; `{number}` as in [`ToolFind::path`].
    pub missing: Option<String>,
    /// Argument lists whose output identifies the program.
    pub version: Vec<Vec<String>>,
    /// Argument lists that print paths of programs it starts; these are hashed too.
    pub parts: Vec<Vec<String>>,
    /// Argument lists that print folders it reads; readable in a sandbox, identified by `version`.
    pub roots: Vec<Vec<String>>,
}

/// A way to find a program: another one is asked, which is found on PATH.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ToolFind {
    /// Arguments for that one, which make it print a folder or path, or a text with a number.
    pub run: Vec<String>,
    /// The text behind which that number stands.
    pub after: Option<String>,
    /// Appended to the folder that it prints, and may be empty; or with `after` the name of the
    /// program on PATH, with the number in place of `{number}`.
    pub path: String,
}

/// One item of a list in a rule file.
#[derive(Debug, Clone)]
pub enum Item {
    /// A word, or several if it mentions a list.
    Template(Template),
    /// Items that are kept if all conditions hold.
    When(Vec<Condition>, Vec<Item>),
    /// Items without the words of the list with this name.
    Without(Text, Vec<Item>),
}

/// A condition of `when(..)`, `when:` or a variant: `"x"`, `"!x"` or `"x=v"`.
#[derive(Debug, Clone)]
pub struct Condition {
    /// A mode, an attribute, a variant, or (only for lists) a var.
    pub name: String,
    /// `!x`: true if `x` is not.
    pub negated: bool,
    /// `x=v`: the string attribute `x` has the value `v`.
    pub value: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// A text with mentions: `"-I{deps.dirs}"`.
#[derive(Debug, Clone)]
pub struct Template {
    /// The whole string.
    pub place: Place,
    /// Texts and mentions in turn.
    pub parts: Vec<Part>,
}

/// A part of a template.
#[derive(Debug, Clone)]
pub enum Part {
    /// Plain text; `{{` and `}}` have become single braces.
    Text(String),
    /// `{name}`, `{deps.field}`, `{it.stem}`, `{srcs|.c .S}`, `{names:,}`.
    Mention(Mention),
}

/// `{name.field.prop|filter:join}`.
#[derive(Debug, Clone)]
pub struct Mention {
    /// From brace to brace.
    pub place: Place,
    /// What is mentioned: an attribute, var, output, or one of the engine's own names.
    pub name: String,
    /// The field gathered over the targets, if `name` is a `target` or `targets` attribute.
    pub field: Option<String>,
    /// `.path .short .dir .stem .name .ext .root .rel .key .value .base .ident .flat` of each word.
    pub prop: Option<super::prop::Prop>,
    /// Only words that end in one of these are kept; empty keeps all.
    pub filter: Vec<String>,
    /// Joins the words into one, with this between them.
    pub join: Option<String>,
}

impl Mention {
    /// True if both mention the same words, whatever property of them.
    pub fn is_of_same_list(&self, other: &Mention) -> bool {
        let of = |it: &Mention| (it.name.clone(), it.field.clone(), it.filter.clone());
        of(self) == of(other) && self.join.is_none() && other.join.is_none()
    }
}

/// A name with a list: a var, an output, a provided field, a variable of an environment.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub place: Place,
    /// What it holds.
    pub items: Vec<Item>,
}

/// A group of provided fields: `cc: (headers: [..], archives: [..])`.
#[derive(Debug, Clone)]
pub struct Group {
    /// What dependents ask for with `provides:`.
    pub name: String,
    /// Where the name stands.
    pub place: Place,
    /// The fields.
    pub fields: Vec<Field>,
}

/// An action of a rule.
#[derive(Debug, Clone)]
pub struct ActionRule {
    /// Its name in the rule: `compile`.
    pub name: String,
    /// Where the name stands.
    pub place: Place,
    /// If one is false the action does not exist and its outputs are empty lists.
    pub when: Vec<Condition>,
    /// The list of which each word makes one action; the word is `{it}`.
    pub each: Option<Text>,
    /// What it does.
    pub does: Does,
    /// Environment; names may be computed (`K=v` items have no name here).
    pub env: ActionEnv,
    /// Files that the command finds by itself.
    pub inputs: Vec<Item>,
    /// Files that the command translates one by one, for tools that ask how.
    pub sources: Vec<Item>,
    /// Output names with their patterns, relative to `out/<package>/`; a pattern that ends in `/`
    /// is a folder.
    pub outs: Vec<Field>,
    /// Where the command writes what it read; a pattern like those of `outs`.
    pub depfile: Option<Template>,
    /// Endings of inputs whose contents count only if the depfile names them.
    pub narrow: Vec<Item>,
    /// The output that receives standard output.
    pub stdout: Option<Text>,
    /// How the command takes a file of arguments, e.g. `@{file}`, if it can.
    pub params: Option<Params>,
    /// What progress shows; else the action's name and its file.
    pub say: Option<Template>,
}

/// A file of arguments, one a line.
#[derive(Debug, Clone)]
pub struct Params {
    /// How the command is told of it: `@{file}`.
    pub word: Template,
    /// Blanks, quotes and backslashes in arguments have a backslash in front.
    pub escaped: bool,
}

/// What an action does.
#[derive(Debug, Clone)]
pub enum Does {
    /// Runs a command. A `script` is one more, last argument, which the engine may also carry out
    /// itself if it is made of plain words.
    Run { words: Vec<Item>, script: Option<Template> },
    /// Writes one line per word into its only output; no process.
    Write(Vec<Item>),
}

/// The environment of an action or test.
#[derive(Debug, Clone)]
pub enum ActionEnv {
    /// `(NAME: "value")`.
    Named(Vec<Field>),
    /// A list of words `K=v`.
    Words(Vec<Item>),
}

/// One form of a target.
#[derive(Debug, Clone)]
pub struct Variant {
    /// Its name, true in `when(..)` while it is the one taken.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// All must hold for it to be taken.
    pub when: Vec<Condition>,
}

/// How a target is tested.
#[derive(Debug, Clone)]
pub struct TestRule {
    /// Name of the protocol.
    pub protocol: Template,
    /// The program, and arguments that always follow it.
    pub program: Option<Template>,
    /// Without it: programs of which each is one word.
    pub programs: Vec<Item>,
    /// What the engine puts in front of cases: `PREFIX`, or `OWN=PREFIX` in place of what the
    /// program itself puts there.
    pub names: Vec<Item>,
    /// Environment that the rule adds.
    pub env: ActionEnv,
}
