//! A text with variables, taken apart.

use kustom_yaml::Str;

/// A text with variables, taken apart by the grammar of Flux's `envsubst`.
///
/// # Example
///
/// ```
/// use kustom_substitute::{Template, Variables};
///
/// let variables: Variables = [("name", "web")].into_iter().collect();
/// let text = |template: &str| {
///     let template = Template::parse(template).unwrap();
///     String::from_utf8(template.evaluate(&variables, true).unwrap()).unwrap()
/// };
/// assert_eq!(text("${name^^} ${tag:-latest} $${name} $name"), "WEB latest ${name} $name");
/// assert_eq!(text("${name:?must be set} ${none:?must be set}"), "web must be set");
/// assert!(Template::parse("${a.b}").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// What it is made of, in order.
    pub pieces: Vec<Piece>,
    /// The offsets of each `$$`, in bytes, that becomes `$` and escapes no `${`.
    pub halved: Vec<usize>,
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text that stays as it is; escapes are resolved.
    Text(String),
    /// `${…}`
    Expression(Box<Expression>),
}

/// A variable, and what is made of its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    /// The offset of its `$`, in bytes.
    pub offset: usize,
    /// The name of the variable.
    pub name: Str,
    /// What is made of the value.
    pub operation: Operation,
}

/// What is made of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `${x}`, and `${x^,}`, which does nothing.
    Value {
        /// Whether an operator that does nothing follows the name.
        is_idle: bool,
    },
    /// `${#x}`: how many bytes it has.
    Length,
    /// `${x^}`, `${x^^}`, `${x,}`, `${x,,}`
    Case {
        /// Whether letters become capital ones.
        upper: bool,
        /// Whether only the first character counts.
        first: bool,
    },
    /// `${x:-word}` and its kin: the word, where the value is empty or missing.
    Default {
        /// How it is written; each does the same.
        operator: Default,
        /// The word.
        word: Vec<Piece>,
    },
    /// `${x:offset}`, `${x:offset:length}`
    Slice {
        /// How many bytes are left out.
        offset: Piece,
        /// How many are taken.
        length: Option<Piece>,
    },
    /// `${x#pattern}`, `${x##pattern}`, `${x%pattern}`, `${x%%pattern}`
    Remove {
        /// Whether it is removed at the end.
        suffix: bool,
        /// Whether the longest match counts.
        longest: bool,
        /// A pattern with `*`, `?` and classes.
        pattern: Piece,
    },
    /// `${x/text/new}`, `${x//text/new}`, `${x/#text/new}`, `${x/%text/new}`
    Replace {
        /// Which occurrences are replaced.
        which: Which,
        /// The text, taken literally.
        text: Piece,
        /// What takes its place.
        new: Option<Piece>,
    },
}

/// How a default is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// `:-`
    Dash,
    /// `:=`
    Assign,
    /// `:?`, which in a shell stops with a message.
    Error,
    /// `:+`, which in a shell is used if there is a value.
    Alternative,
    /// `=`
    Equals,
}

/// Which occurrences of a text are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The first one: `/`
    First,
    /// All: `//`
    All,
    /// One at the beginning: `/#`
    Prefix,
    /// One at the end: `/%`
    Suffix,
}

impl Template {
    /// Calls `f` with every expression, those within others too, in the order of the text.
    pub fn each_expression<'t>(&'t self, f: &mut dyn FnMut(&'t Expression)) {
        for piece in &self.pieces {
            piece.each_expression(f);
        }
    }
}

impl Piece {
    fn each_expression<'t>(&'t self, f: &mut dyn FnMut(&'t Expression)) {
        let Self::Expression(expression) = self else {
            return;
        };
        f(expression);
        for piece in expression.parts() {
            piece.each_expression(f);
        }
    }
}

impl Expression {
    /// The parts behind the operator, which are evaluated whether they are needed or not.
    pub(crate) fn parts(&self) -> Vec<&Piece> {
        match &self.operation {
            Operation::Value { .. } | Operation::Length | Operation::Case { .. } => Vec::new(),
            Operation::Default { word, .. } => word.iter().collect(),
            Operation::Slice { offset, length } => std::iter::once(offset).chain(length).collect(),
            Operation::Remove { pattern, .. } => vec![pattern],
            Operation::Replace { text, new, .. } => std::iter::once(text).chain(new).collect(),
        }
    }
}
