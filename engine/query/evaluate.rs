//! Expressions → nodes. Operands stand before what is made of them, so that one loop is enough.

use super::function::Function;
use super::graph::{Graph, NodeId};
use super::parse::{Arg, Expr, ExprId, Query};
use super::select::{Here, select};
use super::token::{Operator, Span};
use super::walk::{Edges, Reverse, Set, deps, members, path};
use crate::base::{PackageName, Problem, Problems};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// What a query is evaluated with, besides the graph.
#[derive(Debug)]
pub struct Scope<'a> {
    /// The workspace's root.
    pub root: &'a Path,
    /// The package of the working directory.
    pub home: &'a PackageName,
    /// True if what rules name by themselves counts, too.
    pub implicit: bool,
}

/// What a query comes to.
#[derive(Debug, Default)]
pub struct Answer {
    /// In the order of labels; of a path in its order.
    pub nodes: Vec<NodeId>,
    /// What is wrong with the query: the answer is without what is concerned.
    pub problems: Problems,
    /// What is wrong with packages that were reached, as it is told.
    pub broken: Vec<String>,
}

/// Evaluates a query.
pub fn evaluate(graph: &Graph, query: &Query, scope: &Scope) -> Answer {
    let mut uses = vec![0usize; query.exprs.len()];
    uses[query.whole] += 1;
    for expr in &query.exprs {
        match expr {
            Expr::Operation(_, left, right) => {
                uses[*left] += 1;
                uses[*right] += 1;
            }
            Expr::Call(_, args, _) => {
                for arg in args {
                    if let Arg::Set(id) = arg {
                        uses[*id] += 1;
                    }
                }
            }
            Expr::Word(..) | Expr::Set(_) => {}
        }
    }
    let mut evaluator = Evaluator {
        graph,
        query,
        here: Here { root: scope.root, home: scope.home },
        edges: Edges { implicit: scope.implicit },
        uses,
        values: (0..query.exprs.len()).map(|_| None).collect(),
        wildcards: HashMap::new(),
        reverse: None,
        problems: Problems::default(),
        broken: BTreeSet::new(),
        missing: BTreeSet::new(),
        path: None,
    };
    for (id, expr) in query.exprs.iter().enumerate() {
        let value = match expr {
            // Words are looked up where they are used.
            Expr::Word(..) => continue,
            Expr::Set(words) => {
                let mut all = evaluator.empty();
                for (word, span) in words {
                    evaluator.select(word, *span, &mut all);
                }
                all
            }
            Expr::Operation(operator, left, right) => {
                let (mut left, right) = (evaluator.take(*left), evaluator.take(*right));
                match operator {
                    Operator::Union => left.union_with(&right),
                    Operator::Intersect => left.intersect_with(&right),
                    Operator::Except => left.difference_with(&right),
                }
                left
            }
            Expr::Call(function, args, span) => evaluator.call(*function, args, *span),
        };
        // A value that nobody uses is evaluated for its mistakes only.
        if evaluator.uses[id] > 0 {
            evaluator.values[id] = Some(value);
        }
    }
    evaluator.answer()
}

pub(super) struct Evaluator<'a> {
    pub graph: &'a Graph,
    query: &'a Query,
    here: Here<'a>,
    edges: Edges,
    /// How often a value is still needed.
    uses: Vec<usize>,
    values: Vec<Option<Set>>,
    wildcards: HashMap<&'a str, Set>,
    reverse: Option<Reverse>,
    problems: Problems,
    broken: BTreeSet<usize>,
    /// Labels that name nothing and were told.
    missing: BTreeSet<usize>,
    /// The path that the last `somepath` has found, with its set.
    path: Option<(Vec<NodeId>, Set)>,
}

impl<'a> Evaluator<'a> {
    fn answer(mut self) -> Answer {
        let whole = self.take(self.query.whole);
        let is_path =
            matches!(self.query.exprs[self.query.whole], Expr::Call(Function::SomePath, ..));
        let nodes = match self.path {
            Some((path, set)) if is_path && set == whole => path,
            _ => members(&whole).collect(),
        };
        let graph = self.graph;
        let broken = self.broken.iter().map(|at| graph.packages[*at].problems.clone()).collect();
        Answer { nodes, problems: self.problems, broken }
    }

    pub(super) fn empty(&self) -> Set {
        Set::with_capacity(self.graph.len())
    }

    /// The value of an expression.
    fn take(&mut self, id: ExprId) -> Set {
        let query = self.query;
        if let Expr::Word(word, span) = &query.exprs[id] {
            if let Some(known) = self.wildcards.get(word.as_str()) {
                return known.clone();
            }
            let mut found = self.empty();
            self.select(word, *span, &mut found);
            if word.contains("...") || word.contains(":*") || word.contains(":all") {
                self.wildcards.insert(word, found.clone());
            }
            return found;
        }
        self.uses[id] -= 1;
        let value = match self.uses[id] {
            0 => self.values[id].take(),
            _ => self.values[id].clone(),
        };
        value.unwrap_or_else(|| unreachable!("BUG: operands stand before what is made of them"))
    }

    fn select(&mut self, word: &str, span: Span, into: &mut Set) {
        match select(self.graph, word, &self.here) {
            Ok(found) => {
                self.broken.extend(found.broken);
                into.extend(found.nodes.iter().map(|node| node.0 as usize));
            }
            Err(why) => self.wrong(span, why),
        }
    }

    pub(super) fn wrong(&mut self, span: Span, why: String) {
        self.problems.push(Problem::at(&span.of(&self.query.place), why));
    }

    fn call(&mut self, function: Function, args: &'a [Arg], span: Span) -> Set {
        use Function as F;
        let mut sets = Vec::new();
        let mut words = Vec::new();
        let mut number = None;
        for arg in args {
            match arg {
                Arg::Set(id) => sets.push(self.take(*id)),
                Arg::Word(word, span) => words.push((word.as_str(), *span)),
                Arg::Number(count) => number = Some(*count),
            }
        }
        let mut sets = sets.into_iter();
        let first = sets.next().unwrap_or_else(|| self.empty());
        let second = sets.next().unwrap_or_else(|| self.empty());
        let depth = number.unwrap_or(usize::MAX);
        let graph = self.graph;
        match function {
            F::Deps => self.deps(&first, depth, span),
            F::Rdeps => {
                let universe = self.deps(&first, usize::MAX, span);
                self.rdeps(&second, &universe, depth)
            }
            F::AllRdeps => {
                let mut all = self.empty();
                all.insert_range(..);
                self.rdeps(&first, &all, depth)
            }
            F::AllPaths => {
                let below = self.deps(&first, usize::MAX, span);
                self.rdeps(&second, &below, usize::MAX)
            }
            F::SomePath => {
                self.deps(&first, usize::MAX, span);
                let path = path(graph, self.edges, &first, &second);
                let mut set = self.empty();
                set.extend(path.iter().map(|node| node.0 as usize));
                self.path = Some((path, set.clone()));
                set
            }
            F::Owner => {
                let mut found = self.empty();
                let files = members(&first).filter(|node| graph.node(*node).rule == 0);
                let files: Vec<NodeId> = files.collect();
                let reverse = self.reverse();
                for file in files {
                    found.extend(reverse.users(file).iter().map(|user| user.0 as usize));
                }
                found
            }
            F::SamePackageRdeps => {
                let mut found = self.empty();
                let reverse = self.reverse();
                for node in members(&first) {
                    let package = graph.node(node).package;
                    let users = reverse.users(node).iter();
                    let users = users.filter(|user| graph.node(**user).package == package);
                    found.extend(users.map(|user| user.0 as usize));
                }
                found
            }
            F::Siblings => {
                let mut found = self.empty();
                for package in self.packages(&first) {
                    found.extend(graph.members(package).map(|node| node as usize));
                }
                found
            }
            F::BuildFiles => self.build_files(&first),
            F::Some => {
                if first.is_clear() {
                    self.wrong(
                        span,
                        "'some' has nothing to choose from: its argument is empty".to_string(),
                    );
                }
                let mut found = self.empty();
                found.extend(first.ones().take(number.unwrap_or(1)));
                found
            }
            F::Tests => self.tests(&first),
            F::Labels => self.labels(words[0], &first),
            F::Kind => self.kept(&words, 0, first, |_, node| graph.kind_text(node)),
            F::Filter => self.kept(&words, 0, first, |_, node| graph.label(node)),
            F::Attr => {
                let Some(name) = self.attribute(words[0]) else { return self.empty() };
                self.kept(&words, 1, first, |this, node| this.shown(node, name).unwrap_or_default())
            }
            F::Has => {
                let Some(name) = self.attribute(words[0]) else { return self.empty() };
                let mut found = self.empty();
                for node in members(&first) {
                    if self.has(node, name, words[1].0) {
                        found.insert(node.0 as usize);
                    }
                }
                found
            }
        }
    }

    fn deps(&mut self, from: &Set, depth: usize, span: Span) -> Set {
        let graph = self.graph;
        let mut wrong = Vec::new();
        let first_of = |node: NodeId| graph.missing.partition_point(|it| it.node < node);
        let reached = deps(graph, self.edges, from, depth, |node| {
            let from = if graph.missing.is_empty() { 0 } else { first_of(node) };
            let own = graph.missing[from..].iter().take_while(|it| it.node == node);
            wrong.extend(own.enumerate().map(|(at, _)| from + at));
        });
        for at in wrong {
            let missing = &graph.missing[at];
            let counts = self.edges.implicit || !missing.implicit;
            if counts && self.missing.insert(at) {
                self.broken.extend(missing.broken.map(|package| package as usize));
                let label = graph.label(missing.node);
                let text =
                    format!("{label} needs what is not there ({}): {}", missing.place, missing.why);
                self.wrong(span, text);
            }
        }
        reached
    }

    fn reverse(&mut self) -> &Reverse {
        let (graph, edges) = (self.graph, self.edges);
        self.reverse.get_or_insert_with(|| Reverse::of(graph, edges))
    }

    fn rdeps(&mut self, of: &Set, within: &Set, depth: usize) -> Set {
        self.reverse().rdeps(of, within, depth)
    }

    fn packages(&self, of: &Set) -> BTreeSet<usize> {
        members(of).map(|node| self.graph.node(node).package as usize).collect()
    }

    fn build_files(&self, of: &Set) -> Set {
        let graph = self.graph;
        let mut found = self.empty();
        let own = self.packages(of).into_iter();
        let own = own.filter_map(|package| graph.find_file(package, "BUILD.ron"));
        let rules = members(of).filter_map(|node| graph.rule(node)?.file);
        found.extend(own.chain(rules).map(|node| node.0 as usize));
        found
    }

    /// Tests, those of suites, and those that another name stands for.
    fn tests(&self, of: &Set) -> Set {
        let graph = self.graph;
        let mut found = self.empty();
        let mut seen = of.clone();
        let mut open: Vec<NodeId> = members(of).collect();
        while let Some(node) = open.pop() {
            let Some(rule) = graph.rule(node) else { continue };
            if rule.test {
                found.insert(node.0 as usize);
            }
            for via in [rule.suite, rule.forwards].into_iter().flatten() {
                let named = graph.edges(node).iter().filter(|edge| edge.via == via);
                open.extend(named.map(|edge| edge.to).filter(|to| !seen.put(to.0 as usize)));
            }
        }
        found
    }

    fn labels(&mut self, attribute: (&str, Span), of: &Set) -> Set {
        let mut found = self.empty();
        let Some(name) = self.attribute(attribute) else { return found };
        for node in members(of) {
            let named = self.graph.edges(node).iter().filter(|edge| edge.via == name);
            found.extend(named.map(|edge| edge.to.0 as usize));
        }
        found
    }
}
