//! The parts of a template.

/// Something that prints, or decides what prints.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Text(String),
    Action(Pipe),
    If(Branch),
    With(Branch),
    Range(Branch),
    Template {
        name: String,
        pipe: Option<Pipe>,
        at: usize,
    },
    Break,
    Continue,
}

#[derive(Clone, Debug)]
pub(crate) struct Branch {
    pub(crate) pipe: Pipe,
    pub(crate) then: Vec<Node>,
    pub(crate) otherwise: Vec<Node>,
}

/// Commands, each of which gets the value of the one before as its last argument.
#[derive(Clone, Debug)]
pub(crate) struct Pipe {
    pub(crate) at: usize,
    pub(crate) is_assignment: bool,
    pub(crate) variables: Vec<String>,
    pub(crate) commands: Vec<Command>,
}

#[derive(Clone, Debug)]
pub(crate) struct Command {
    /// At least one.
    pub(crate) arguments: Vec<Expression>,
}

#[derive(Clone, Debug)]
pub(crate) struct Expression {
    pub(crate) at: usize,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Bool(bool),
    Nil,
    Dot,
    Number(Number),
    Str(String),
    /// `.a.b`
    Field(Vec<String>),
    /// `$x.a`, with the name and the fields.
    Variable(String, Vec<String>),
    Function(String),
    /// `(…).a.b`
    Chain(Box<Expression>, Vec<String>),
    Pipe(Box<Pipe>),
}

/// A constant: all the types that it can have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Number {
    pub(crate) text: String,
    pub(crate) int: Option<i64>,
    pub(crate) is_unsigned: bool,
    pub(crate) float: Option<f64>,
    /// Whether it is a float where nothing asks for a type.
    pub(crate) is_float: bool,
}
