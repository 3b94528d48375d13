//! The integration tests: one binary, a module for each subject.

mod support;

mod build;
mod cache;
mod cases;
mod cc;
mod cc_use;
mod dispatcher;
mod environment;
mod examples;
mod fixture;
mod genrule;
mod incremental;
mod interrupted;
mod limits;
mod long;
mod merge;
mod problems;
mod problems_graph;
mod problems_rules;
mod problems_targets;
mod problems_words;
mod processes;
mod random;
mod real;
mod real_bzip2;
mod real_jansson;
mod real_lua;
mod real_source;
mod real_suite;
mod rust;
mod stale;
mod terminal;
mod tidy;
mod variants;
mod wont_die;
