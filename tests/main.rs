//! The integration tests: one binary, a module for each subject.

mod support;

mod build;
mod problems;
mod problems_graph;
mod problems_rules;
mod problems_targets;
mod problems_words;
mod tidy;
