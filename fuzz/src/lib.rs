//! What the fuzzer runs: a function for each engine, and the laws that it is held to.
//!
//! A target panics where a law is broken; every other answer to bad input is an error. The same
//! functions are called by the fuzzer (`fuzz_targets/`) and, with the seeds and with everything that
//! was ever found, by `tests/fuzz_corpus.rs`. They read nothing but their input, except for the
//! target `git`, which lays out a repository in a temporary directory.

mod build;
mod diff;
mod git;
mod guard;
mod parts;
mod patch;
pub mod seeds;
mod template;
mod validate;
mod yaml;
mod yq;

/// Runs the target of a name on an input.
///
/// # Panics
///
/// If a law is broken, or there is no such target.
pub fn run(name: &str, input: &[u8]) {
    // Repositories and tokens are bytes; all other engines are given texts.
    match name {
        "git" => return git::damaged(input),
        "guard" => return guard::scan(input),
        _ => {}
    }
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    match name {
        "block_subset" => yaml::block_subset_is_yaml(text),
        "verbatim" => yaml::verbatim_is_read(text),
        "rewrite" => yaml::rewrite_says_what_is_meant(text),
        "print" => yaml::print_is_read_back(text),
        "any_build" => build::any_build(text),
        "replacements" => build::replacements(text),
        "project" => build::project(text),
        "strategic_merge" => patch::strategic_merge(text),
        "json_patch" => patch::json_patch(text),
        "yq_v3" => yq::v3(text),
        "yq_v4" => yq::v4(text),
        "codecs" => yq::codecs(text),
        "masks" => guard::masks(text),
        "diff" => diff::difference(text),
        "template" => template::render(text),
        "validate" => validate::objects(text),
        "cel" => validate::expression(text),
        _ => panic!("there is no target `{name}`"),
    }
}
