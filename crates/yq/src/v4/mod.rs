//! Expressions in the language of yq 4.
//!
//! An [`Expression`] is parsed once and evaluated on documents. What comes out says of each result
//! whether it is one of the documents, changed, or something new; and of each assignment what it
//! did. Reading files and environment variables goes through the [`Context`].

mod arena;
mod caret;
mod context;
mod documents;
mod record;
mod report;
mod evaluator;
mod expr;
mod arena_node;
mod lex;
mod go_time;
mod ops;
mod parse;
mod scope;
mod comments;
mod table;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

pub(crate) use arena::Step;
pub use context::{Context, Loader, Lookup};
pub use documents::Documents;
use evaluator::{Comparison, Evaluator, one};
use kustom_yaml::error::{Error, Result};
use kustom_yaml::finding::Finding;
use kustom_yaml::place::Place;
use kustom_yaml::{Node, PrintOptions, Tag, print_node};
use parse::{Parsed, Statement};
use report::AssignmentReports;
pub use report::{AssignmentReport, ListItem};
use scope::{Matches, Scope};

/// A parsed expression.
///
/// # Example
///
/// ```
/// use kustom_yaml::{Options, read, rewrite};
/// use kustom_yq::v4::{Context, Expression, Input};
///
/// let documents = read("replicas: 1\n", &Options::default())?;
/// let input = Input {
///     name: "deployment.yaml",
///     documents: &documents,
/// };
/// let expression = Expression::parse(".replicas += 2")?;
/// let output = expression.evaluate(&[input], &Context::default())?;
/// assert!(output.is_edit(0, 1));
/// assert_eq!(output.effects[0].changed, 1);
/// let after = output.into_nodes();
/// assert_eq!(rewrite("replicas: 1\n", &documents, &after)?, "replicas: 3\n");
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
#[derive(Debug)]
pub struct Expression {
    root: expr::Expr,
    name: Arc<str>,
    text: Arc<str>,
    /// What in it changes something.
    statements: Vec<Statement>,
    /// The lines on which a comment says that creating is meant.
    creations: Vec<u32>,
}

/// A file: its name and its documents.
#[derive(Clone, Copy, Debug)]
pub struct Input<'d> {
    /// What `filename` answers.
    pub name: &'d str,
    /// Its documents, read with aliases kept.
    pub documents: &'d [Node],
}

/// What an expression made of its input.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    /// The results, in order.
    pub results: Vec<Found>,
    /// What each assignment did, in the order in which they are written.
    pub effects: Vec<AssignmentReport>,
    /// Remarks on the expression itself: comparisons that never hold.
    pub findings: Vec<Finding>,
    /// What was written where, if that is asked, in the order in which it was.
    pub(crate) written: Vec<Written>,
}

/// A node that a statement wrote.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Written {
    /// The number of its document.
    pub(crate) document: usize,
    /// Where it is when all is done.
    pub(crate) path: Vec<Step>,
    /// The number of the effect.
    pub(crate) statement: usize,
}

/// A result of an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The value; what was left alone keeps its span.
    pub node: Node,
    /// Which file and which of its documents this is, changed or not; `None` for anything else.
    pub origin: Option<(usize, usize)>,
    /// The number of the file that it comes from.
    pub file: usize,
    /// The number of the document that it comes from.
    pub document: usize,
}

impl Expression {
    /// Parses an expression; one without any words is `.`.
    pub fn parse(text: &str) -> Result<Self> {
        Self::parse_named(text, "expression")
    }

    /// Parses an expression that errors call by a name, such as that of its file.
    pub fn parse_named(text: &str, name: &str) -> Result<Self> {
        let name: Arc<str> = name.into();
        let named = |error: Error| {
            let error = error.name_files(|_| Some(name.clone()));
            caret::pointed(error, text)
        };
        let Parsed { root, statements } = parse::parse_script(text).map_err(named)?;
        Ok(Self {
            root,
            text: text.into(),
            statements,
            creations: report::creations(text),
            name,
        })
    }

    /// What errors and reports call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the expression is `.`, which gives back what it is given.
    pub fn is_identity(&self) -> bool {
        matches!(self.root.form, expr::Form::Identity)
    }

    /// Whether the expression looks at nothing but what its paths name: of a long text, the rest need
    /// not be kept ([`Documents::read_lazily`]).
    pub fn is_narrow(&self) -> bool {
        self.root.is_narrow()
    }

    /// Evaluates the expression on the documents of all files.
    ///
    /// Each document is worked on by itself, unless the context says otherwise. Where there are no
    /// documents, the expression is evaluated once, on nothing.
    pub fn evaluate(&self, inputs: &[Input<'_>], context: &Context<'_>) -> Result<Output> {
        self.run(inputs, &[], context)
    }

    /// Evaluates the expression on a value by itself, with variables.
    pub fn evaluate_value(
        &self,
        value: &Node,
        variables: &[(&str, Node)],
        context: &Context<'_>,
    ) -> Result<Output> {
        let input = Input {
            name: "",
            documents: std::slice::from_ref(value),
        };
        self.run(&[input], variables, context)
    }

    fn run(
        &self,
        inputs: &[Input<'_>],
        variables: &[(&str, Node)],
        context: &Context<'_>,
    ) -> Result<Output> {
        self.results(inputs, variables, context)
            .map_err(|error| caret::pointed(error, &self.text))
    }

    fn results(
        &self,
        inputs: &[Input<'_>],
        variables: &[(&str, Node)],
        context: &Context<'_>,
    ) -> Result<Output> {
        let mut evaluator = Evaluator::new(context, self.name.clone());
        evaluator.effects = AssignmentReports::of(self);
        evaluator.files = inputs.iter().map(|input| input.name).collect();
        let documents = adopt(&mut evaluator, inputs);
        let mut scope = Scope::default();
        for (name, value) in variables {
            let id = evaluator.arena.adopt_owned(value.clone());
            scope = scope.bind(&(*name).into(), one(id));
        }
        let rounds: Vec<Matches> = if documents.is_empty() {
            vec![one(evaluator.arena.scalar("", Tag::Null))]
        } else if context.together {
            vec![Rc::new(documents)]
        } else {
            documents.into_iter().map(one).collect()
        };
        let mut output = Output::default();
        for matches in rounds {
            let found = evaluator.eval(&self.root, &scope.with(matches))?;
            for id in found.iter() {
                let result = evaluator.result(*id, inputs)?;
                output.results.push(result);
            }
        }
        if let Some(reason) = evaluator.arena.exhausted {
            return Err(reason.error(None));
        }
        output.findings = evaluator.remarks();
        output.written = evaluator.targets();
        let recommented = std::mem::take(&mut evaluator.recommented);
        output.effects = evaluator.effects.into_list();
        // An expression that speaks of comments says itself what becomes of them.
        if !self.is_identity() && !self.text.contains("comment") {
            let before: Vec<&Node> = inputs.iter().flat_map(|input| input.documents).collect();
            let mut after: Vec<&mut Node> =
                output.results.iter_mut().map(|it| &mut it.node).collect();
            comments::reattach(&before, &mut after, &recommented);
        }
        Ok(output)
    }
}

/// Takes all documents in; anchors of a file are known in its later documents.
fn adopt<'d>(evaluator: &mut Evaluator<'d>, inputs: &[Input<'d>]) -> Vec<arena_node::Id> {
    let mut ids = Vec::new();
    for (file, input) in inputs.iter().enumerate() {
        let mut anchors = HashMap::new();
        for (document, node) in input.documents.iter().enumerate() {
            let id = evaluator.arena.adopt(node, &mut anchors);
            let origin = arena_node::Origin {
                document: u32::try_from(document).unwrap_or(u32::MAX),
                file: u32::try_from(file).unwrap_or(u32::MAX),
                root: u32::try_from(ids.len()).ok(),
                together: evaluator.context.together,
            };
            evaluator.arena.set_origin(id, origin);
            ids.push(id);
        }
    }
    ids
}

impl Evaluator<'_> {
    /// The nodes that statements wrote, where they are now.
    fn targets(&mut self) -> Vec<Written> {
        let targets = self.effects.take_targets();
        let written = targets.into_iter().filter_map(|(id, statement)| {
            Some(Written {
                document: self.arena.origin(id).document as usize,
                // What was taken out stands nowhere.
                path: self.arena.present_path(id)?,
                statement,
            })
        });
        written.collect()
    }

    /// A remark for each comparison of collections.
    fn remarks(&self) -> Vec<Finding> {
        let remark = |comparison: &Comparison| {
            let message = match comparison.is_equality {
                true => "`==` never holds for a map or a list",
                false => "`!=` always holds for a map or a list",
            };
            let place = Place::in_file(self.name.clone(), comparison.span);
            Finding::warning("script-comparison", message)
                .at(place)
                .help(
                    "only scalars are compared; compare the strings that `to_json(0)` makes of both",
                )
        };
        self.vain.borrow().values().map(remark).collect()
    }

    /// A node as a result.
    fn result(&mut self, id: arena_node::Id, inputs: &[Input<'_>]) -> Result<Found> {
        if self.context.explode {
            ops::alias::node_and_below(self, id, 0)?;
        }
        let origin = self.arena.origin(id);
        let (file, document) = (origin.file as usize, origin.document as usize);
        let number = self.arena.own_origin(id).root.map(|root| root as usize);
        Ok(Found {
            node: if self.context.explode {
                self.arena.restore_data(id)
            } else {
                self.arena.restore(id)
            },
            origin: number.and_then(|number| place_of(number, inputs)),
            file,
            document,
        })
    }
}

/// The file and the place in it of a document, by its number in all.
fn place_of(number: usize, inputs: &[Input<'_>]) -> Option<(usize, usize)> {
    let mut rest = number;
    for (file, input) in inputs.iter().enumerate() {
        match rest.checked_sub(input.documents.len()) {
            Some(more) => rest = more,
            None => return Some((file, rest)),
        }
    }
    None
}

impl Found {
    /// The comment above a document that is a word, which is printed without it.
    pub fn head(&self) -> Option<&str> {
        let decor = self.node.decor.as_ref().filter(|_| self.node.is_scalar());
        self.origin.and(decor)?.head.as_deref()
    }
}

impl Output {
    /// Whether the results are the documents of a file, changed or not, each at its place.
    ///
    /// `count` is how many documents the file has.
    pub fn is_edit(&self, file: usize, count: usize) -> bool {
        let places = self.results.iter().map(|found| found.origin);
        places.eq((0..count).map(|document| Some((file, document))))
    }

    /// The results without anything about them.
    pub fn into_nodes(self) -> Vec<Node> {
        self.results.into_iter().map(|found| found.node).collect()
    }
}

/// A value as YAML.
fn yaml_text(node: &Node, indent: usize) -> String {
    let options = PrintOptions {
        indent: indent.clamp(2, 9),
        width: None,
        ..PrintOptions::default()
    };
    print_node(node, &options)
}
