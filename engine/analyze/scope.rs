//! What a name means in a rule, for one target: attributes, vars, outputs, and the engine's own.

use super::expand::Context;
use super::word::{self, Piece, Word};
use super::{ActionIndex, Analysis, Configured, Fallback, Modes, ToolId, ToolRequest};
use crate::base::{Label, Problem, Problems, join};
use crate::load::{AttrKind, Condition, Entry, Package, Target, Value, Workspace};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// One target while its rule is applied to it.
pub(super) struct Scope<'a> {
    pub workspace: &'a Workspace,
    pub package: &'a Package,
    pub analysis: &'a mut Analysis,
    pub tools: &'a mut HashMap<ToolRequest, ToolId>,
    pub modes: &'a Modes,
    pub target: &'a Arc<Target>,
    /// Where its outputs lie: `out/a`.
    pub out_folder: String,
    /// The variant that was chosen.
    pub variant: Option<String>,
    /// Values of attributes and vars that were asked for.
    lists: HashMap<String, Arc<Vec<Piece>>>,
    /// Names whose value is being found, to notice a circle.
    open: HashSet<String>,
    /// Outputs by name.
    pub outputs: HashMap<String, Vec<Piece>>,
    /// Rule actions whose outputs exist.
    pub made: HashSet<String>,
    /// Actions whose command is still to be made.
    pub pending: Vec<(ActionIndex, String, Context)>,
}

impl<'a> Scope<'a> {
    pub fn new(
        workspace: &'a Workspace,
        analysis: &'a mut Analysis,
        tools: &'a mut HashMap<ToolRequest, ToolId>,
        modes: &'a Modes,
        target: &'a Arc<Target>,
    ) -> Scope<'a> {
        let package = workspace
            .packages
            .get(&target.label.package)
            .unwrap_or_else(|| unreachable!("BUG: {} is in no package", target.label));
        Scope {
            workspace,
            package,
            analysis,
            tools,
            modes,
            target,
            out_folder: join("out", &package.name.exec_path()),
            variant: None,
            lists: HashMap::new(),
            open: HashSet::new(),
            outputs: HashMap::new(),
            made: HashSet::new(),
            pending: Vec::new(),
        }
    }

    /// Applies the rule. There is nothing if the rule forwards to a target that does not exist.
    pub fn configure(mut self, problems: &mut Problems) -> Option<Configured> {
        let rule = self.target.rule.clone();
        self.choose_variant(problems);
        self.check_values(problems);
        self.commands(problems);
        self.check_once(problems);
        let mut configured = Configured::new(self.target);
        if let Some(forwards) = &rule.forwards {
            let actual = self.targets(&forwards.text).into_iter().next()?;
            return Some(Configured { label: self.target.label.clone(), ..(*actual).clone() });
        }
        if let Some(suite) = &rule.suite {
            configured.suite = self.suite(&suite.text, problems);
            configured.is_suite = true;
        }
        let context = Context::default();
        for group in &rule.groups {
            let fields = configured.groups.entry(group.name.clone()).or_default();
            for field in &group.fields {
                let pieces = self.expand(&field.items, &context, problems);
                fields.insert(field.name.clone(), word::shared(pieces));
            }
        }
        configured.files = word::shared(self.expand(&rule.files, &context, problems));
        configured.run = word::shared(self.expand(&rule.run, &context, problems));
        configured.data = word::shared(self.expand(&rule.data, &context, problems));
        configured.beside = word::shared(self.expand(&rule.beside, &context, problems));
        configured.coverage = self.collectors(problems);
        if let Some(test) = &rule.test {
            let data = self.data_of_test();
            configured.test = self.test(test, &configured, data, problems).map(Arc::new);
        }
        Some(configured)
    }

    fn choose_variant(&mut self, problems: &mut Problems) {
        let rule = self.target.rule.clone();
        for variant in &rule.variants {
            let key = (self.target.label.clone(), variant.name.clone());
            if self.modes.failed_variants.contains(&key) || !self.all_hold(&variant.when, problems)
            {
                continue;
            }
            match &self.variant {
                None => self.variant = Some(variant.name.clone()),
                Some(from) => {
                    let fallback = Fallback { from: from.clone(), to: variant.name.clone() };
                    self.analysis.fallbacks.insert(self.target.label.clone(), fallback);
                    return;
                }
            }
        }
    }

    /// Reads every attribute that the target gives, so that mistakes are told even where the rule
    /// does not look.
    fn check_values(&mut self, problems: &mut Problems) {
        let rule = self.target.rule.clone();
        for attr in &rule.attrs {
            if self.target.attrs.contains_key(&attr.name) {
                self.list(&attr.name, &Context::default(), problems);
            }
        }
    }

    /// The list that a name stands for. Names were checked when the rule was read.
    pub fn list(
        &mut self,
        name: &str,
        context: &Context,
        problems: &mut Problems,
    ) -> Arc<Vec<Piece>> {
        if let Some(list) = context.list(name) {
            return Arc::new(list);
        }
        if let Some(list) = self.lists.get(name) {
            return list.clone();
        }
        if let Some(text) = self.own_name(name) {
            return Arc::new(vec![Piece::Word(Word::text(&text))]);
        }
        let rule = self.target.rule.clone();
        if !self.open.insert(name.to_string()) {
            problems.push(Problem::at(
                &rule.place,
                format!("'{name}' of the rule '{}' is made from itself", rule.name),
            ));
            return Arc::default();
        }
        let list = if let Some(attr) = rule.attr(name) {
            Arc::new(self.attribute(attr, problems))
        } else if let Some(var) = rule.vars.iter().find(|var| var.name == name) {
            Arc::new(self.expand(&var.items, &Context::default(), problems))
        } else {
            for action in &rule.actions {
                if action.outs.iter().any(|out| out.name == name) {
                    self.outs(action, problems);
                }
            }
            let list = self.outputs.get(name).cloned().unwrap_or_default();
            self.open.remove(name);
            return Arc::new(list);
        };
        self.open.remove(name);
        self.lists.insert(name.to_string(), list.clone());
        list
    }

    fn own_name(&self, name: &str) -> Option<String> {
        let label = &self.target.label;
        Some(match name {
            "name" => label.name.to_string(),
            "package" => label.package.exec_path(),
            "label" => label.to_string(),
            "ident" => crate::base::ident(&label.name),
            _ => return None,
        })
    }

    /// The targets that a `target` or `targets` attribute names, analysed already.
    pub fn targets(&self, attr: &str) -> Vec<Arc<Configured>> {
        let mut problems = Problems::default();
        let labels = super::needs::labels_of(
            self.workspace,
            self.target,
            attr,
            &self.modes.active,
            &mut problems,
        );
        labels.iter().filter_map(|(label, _)| self.analysis.targets.get(label).cloned()).collect()
    }

    /// The tests and suites that a suite stands for.
    fn suite(&self, attr: &str, problems: &mut Problems) -> Vec<Label> {
        let active = &self.modes.active;
        // What is wrong with the labels is told where they are followed.
        let mut told = Problems::default();
        let labels = super::needs::labels_of(self.workspace, self.target, attr, active, &mut told);
        let mut suite = Vec::new();
        for (label, place) in labels {
            let Some(target) = self.analysis.targets.get(&label) else { continue };
            if target.test.is_none() && !target.is_suite {
                let text = format!(
                    "{label} is neither a test nor a suite, but a {}; '{attr}' takes tests",
                    target.rule
                );
                problems.push(Problem::at(&place, text));
            }
            suite.push(target.label.clone());
        }
        suite
    }

    /// What is in the runfiles of a test besides what the program brings.
    fn data_of_test(&mut self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        if self.target.rule.attr("data").is_some() {
            let mut problems = Problems::default();
            pieces.extend(self.list("data", &Context::default(), &mut problems).iter().cloned());
            let labels = super::needs::labels_of(
                self.workspace,
                self.target,
                "data",
                &self.modes.active,
                &mut problems,
            );
            for (label, _) in labels {
                if let Some(target) = self.analysis.targets.get(&label) {
                    pieces.push(Piece::Gather(target.data.clone()));
                    pieces.push(Piece::Gather(target.run.clone()));
                    pieces.push(Piece::Gather(target.beside.clone()));
                    pieces.push(Piece::Word(Word::beside_only(target.companions())));
                }
            }
        }
        pieces
    }

    /// True if all conditions hold.
    pub fn all_hold(&mut self, conditions: &[Condition], problems: &mut Problems) -> bool {
        conditions.iter().all(|condition| self.holds(condition, problems) != condition.negated)
    }

    fn holds(&mut self, condition: &Condition, problems: &mut Problems) -> bool {
        let name = condition.name.as_str();
        if let Some(answer) = plainly_holds(self.target, condition, &self.modes.active) {
            return answer;
        }
        if self.target.rule.variants.iter().any(|variant| variant.name == name) {
            return self.variant.as_deref() == Some(name);
        }
        let list = self.list(name, &Context::default(), problems);
        match &condition.value {
            Some(value) => word::flatten(&list).first().is_some_and(|word| *word.text == **value),
            None => match self.target.rule.attr(name).map(|attr| &attr.kind) {
                Some(AttrKind::Bool) => {
                    word::flatten(&list).first().is_some_and(|word| &*word.text == "true")
                }
                _ => !word::is_empty(&list),
            },
        }
    }
}

/// What a condition says where only modes and given values count; nothing if more must be known.
pub(super) fn plainly_holds(
    target: &Target,
    condition: &Condition,
    active: &std::collections::BTreeSet<String>,
) -> Option<bool> {
    match target.attrs.get(&condition.name) {
        Some(Value::Bool(value)) => Some(*value),
        Some(Value::List(entries)) => match (&condition.value, entries.as_slice()) {
            (Some(value), [Entry::Text(text)]) => Some(text.text == *value),
            _ => None,
        },
        Some(_) => None,
        None if target.rule.attr(&condition.name).is_some() => None,
        None => active.contains(&condition.name).then_some(true),
    }
}

impl Scope<'_> {
    /// A label for messages.
    pub fn label(&self) -> &Label {
        &self.target.label
    }
}
