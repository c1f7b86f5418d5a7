//! Makes ConfigMaps and Secrets of literals and files, unless a file is left out.

use std::path::Path;

use kustom_yaml::Text;
use kustom_yaml::error::Result;
use kustom_yaml::place::Span;

use super::Context;
use super::target::KustTarget;
use crate::generate::{self, Args, Pair, Product};
use crate::load::{Content, Loader, normalized};
use crate::resource::Resource;

impl Context<'_> {
    /// Whether a file of objects is left out: it is not there on purpose.
    pub(super) fn leaves_out_file(&self, root: &Path, name: &str) -> bool {
        let omitted = &self.options.omitted;
        !omitted.is_empty() && omitted.contains(&normalized(&root.join(name)))
    }

    /// Whether a generator is left out: it is made of a file that is not there on purpose, or
    /// merges into what would have been.
    pub(super) fn leaves_out(
        &mut self,
        target: &KustTarget<'_>,
        product: Product,
        args: &Args,
    ) -> bool {
        if self.options.omitted.is_empty() {
            return false;
        }
        let known = (product, args.name.text.clone());
        let merges = ["merge", "replace"].contains(&&*args.behavior);
        if merges && self.left_out.contains(&known) {
            return true;
        }
        let path_of = |source: &Text| {
            let (_, path) = generate::file_source(source).ok()?;
            Some(path.to_owned())
        };
        let envs = args.envs.iter().map(|source| source.to_string());
        let mut paths = envs.chain(args.files.iter().filter_map(path_of));
        let is_left_out = paths.any(|path| {
            let path = normalized(&target.loader.root().join(path));
            self.options.omitted.contains(&path)
        });
        if is_left_out {
            self.left_out.push(known);
        }
        is_left_out
    }
}

/// Makes a ConfigMap or a Secret.
pub(super) fn make(
    context: &mut Context<'_>,
    target: &KustTarget<'_>,
    product: Product,
    args: &Args,
) -> Result<Resource> {
    let is_linted = context.options.lint;
    if is_linted {
        context.findings.extend(generate::key_remarks(args));
    }
    let mut note = |content: &Content| {
        if is_linted {
            let remarks = generate::env_remarks(&content.bytes, content.source, product);
            context.findings.extend(remarks);
        }
    };
    let pairs = read_pairs(&target.loader, args, &mut note)?;
    generate::generate(product, args, pairs, &context.schema)
}

/// The pairs of a generator: those of env files, which `note` sees, then literals, then files.
pub fn read_pairs(
    loader: &Loader<'_>,
    args: &Args,
    note: &mut dyn FnMut(&Content),
) -> Result<Vec<Pair>> {
    let mut pairs = Vec::new();
    for source in &args.envs {
        let content = loader.read(source)?;
        note(&content);
        pairs.extend(generate::env_file(&content.bytes, content.source, source)?);
    }
    for source in &args.literals {
        pairs.push(generate::literal(source)?);
    }
    for source in &args.files {
        let (key, path) = generate::file_source(source)?;
        let path = kustom_yaml::Text {
            text: path.into(),
            span: source.span,
        };
        let content = loader.read(&path)?;
        pairs.push(Pair {
            key: key.into(),
            value: content.bytes.into(),
            source: source.clone(),
            place: Span {
                source: content.source,
                ..Span::default()
            },
        });
    }
    Ok(pairs)
}
