//! The syntax tree of an expression.

use kustom_yaml::place::Span;
use kustom_yaml::{Str, Tag};

use super::table::Operator;

/// An expression and where it was written.
#[derive(Debug)]
pub(super) struct Expr {
    /// What it is.
    pub(super) form: Form,
    /// Where it stands in the text.
    pub(super) span: Span,
}

/// What an expression is.
#[derive(Debug)]
pub(super) enum Form {
    /// `.`
    Identity,
    /// Nothing at all, as in `[]` and `{}`.
    Nothing,
    /// `3`, `true`, `null`
    Literal {
        /// As it is written.
        text: Str,
        /// Its type.
        tag: Tag,
    },
    /// `"text with \(.expressions)"`
    Text(Template),
    /// `$name`
    Variable(Str),
    /// `.name`
    Key {
        /// The key, which may hold `*` and `?`.
        name: Str,
        /// Whether a sequence, which has no such key, is passed over: `.name?`
        optional: bool,
    },
    /// `base[index]`
    Index {
        /// What is looked into.
        base: Box<Expr>,
        /// What gives the keys or indices; all children if it is [`Form::Nothing`].
        index: Box<Expr>,
        /// Whether a key that fits no sequence is passed over: `["a"]?`
        optional: bool,
    },
    /// `base[from:to]`
    Slice {
        /// What is cut.
        base: Box<Expr>,
        /// The first index; the start if absent.
        from: Option<Box<Expr>>,
        /// The index after the last one; the end if absent.
        to: Option<Box<Expr>>,
    },
    /// `..`, and `...` with the keys.
    Descend {
        /// Whether keys are among the results.
        keys: bool,
    },
    /// `[items]`
    List(Box<Expr>),
    /// The end of `{entries}`, which puts the entries before it together.
    Object,
    /// `first | second | third`, and `.first.second`
    Pipe(Vec<Expr>),
    /// `first, second, third`
    Union(Vec<Expr>),
    /// `left + right` and its kin.
    Infix {
        /// Which one.
        infix: Infix,
        /// What stands before it.
        left: Box<Expr>,
        /// What stands after it.
        right: Box<Expr>,
    },
    /// `target style = value`
    Attribute {
        /// What is set.
        attribute: Attribute,
        /// Whether the value is worked out for each target: `|=`
        relative: bool,
        /// The nodes whose attribute is set.
        target: Box<Expr>,
        /// What it becomes.
        value: Box<Expr>,
    },
    /// `if condition then value elif condition then value else value end`
    If {
        /// The conditions with their values, in order.
        branches: Vec<Branch>,
        /// The value where no condition holds; the input if absent.
        otherwise: Option<Box<Expr>>,
    },
    /// `length`, `select(. > 1)`
    Call(Call),
}

/// `condition then value`
#[derive(Debug)]
pub(super) struct Branch {
    /// What decides.
    pub(super) condition: Expr,
    /// The value where the condition holds.
    pub(super) value: Expr,
}

/// A named operator with what it was given.
#[derive(Debug)]
pub(super) struct Call {
    /// The operator.
    pub(super) operator: &'static Operator,
    /// A number in parentheses, as in `flatten(1)`.
    pub(super) number: Option<i64>,
    /// Words in parentheses that are no expression, as in `env(HOME)`.
    pub(super) words: Str,
    /// The expression in parentheses.
    pub(super) argument: Option<Box<Expr>>,
}

/// A string in parts.
#[derive(Debug)]
pub(super) struct Template {
    /// The text as it stands, for when expressions in strings are switched off.
    pub(super) raw: Str,
    /// Its parts, in order.
    pub(super) parts: Vec<Part>,
}

/// A part of a string.
#[derive(Debug)]
pub(super) enum Part {
    /// Text that stands for itself.
    Text(String),
    /// `\(expression)`
    Expr(Expr),
}

/// What a node has beside its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    /// `style`
    Style,
    /// `tag`
    Tag,
    /// `anchor`
    Anchor,
    /// `alias`
    Alias,
    /// `line_comment`
    Line,
    /// `head_comment`
    Head,
    /// `foot_comment`
    Foot,
    /// `comments`, all three of them
    Comments,
}

/// What stands between two expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Infix {
    /// `,`
    Union,
    /// `;`
    Block,
    /// `:`
    Pair,
    /// `and`
    And,
    /// `or`
    Or,
    /// `ireduce`
    Reduce,
    /// `as`, or `ref` where the variable is the node itself.
    Bind {
        /// `ref`
        by_reference: bool,
    },
    /// `=`, `|=`
    Assign {
        /// `|=`
        relative: bool,
        /// `=c`: custom tags are overwritten.
        clobber: bool,
    },
    /// `+=`
    AddAssign,
    /// `-=`
    SubtractAssign,
    /// `*=`
    MultiplyAssign(Merge),
    /// `*`
    Multiply(Merge),
    /// `/`
    Divide,
    /// `%`
    Modulo,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `//`
    Alternative,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`, `>=` …
    Compare {
        /// `>`
        greater: bool,
        /// `=`
        or_equal: bool,
    },
}

/// How two trees are merged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Merge {
    /// `+`: sequences are appended.
    pub(super) append: bool,
    /// `?`: only keys that are there already.
    pub(super) existing_only: bool,
    /// `n`: only keys that are not there yet.
    pub(super) new_only: bool,
    /// `d`: sequences are merged item by item.
    pub(super) deep: bool,
    /// `c`: custom tags are overwritten.
    pub(super) clobber: bool,
}

/// How tightly `.a.b` binds.
pub(super) const DOT: u8 = 45;
/// How tightly `|` binds.
pub(super) const PIPE: u8 = 30;
/// How tightly `.a[0]` binds.
pub(super) const INDEX: u8 = 50;

impl Infix {
    /// How tightly it binds; operators of one rank group from the right.
    pub(super) fn precedence(self) -> u8 {
        match self {
            Self::Union | Self::Block => 10,
            Self::Pair => 15,
            Self::And | Self::Or => 20,
            Self::Reduce => 35,
            Self::Bind { .. }
            | Self::Assign { .. }
            | Self::AddAssign
            | Self::SubtractAssign
            | Self::Equal
            | Self::NotEqual
            | Self::Compare { .. } => 40,
            Self::MultiplyAssign(_)
            | Self::Multiply(_)
            | Self::Divide
            | Self::Modulo
            | Self::Add
            | Self::Subtract
            | Self::Alternative => 42,
        }
    }
}

impl Infix {
    /// Whether it changes what stands before it.
    pub(super) fn assigns(self) -> bool {
        matches!(
            self,
            Self::Assign { .. } | Self::AddAssign | Self::SubtractAssign | Self::MultiplyAssign(_)
        )
    }

    /// As it is written, without flags.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Union => ",",
            Self::Block => ";",
            Self::Pair => ":",
            Self::And => "and",
            Self::Or => "or",
            Self::Reduce => "ireduce",
            Self::Bind {
                by_reference: false,
            } => "as",
            Self::Bind { by_reference: true } => "ref",
            Self::Assign {
                relative: false, ..
            } => "=",
            Self::Assign { relative: true, .. } => "|=",
            Self::AddAssign => "+=",
            Self::SubtractAssign => "-=",
            Self::MultiplyAssign(_) => "*=",
            Self::Multiply(_) => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Alternative => "//",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Compare {
                greater: true,
                or_equal: true,
            } => ">=",
            Self::Compare { greater: true, .. } => ">",
            Self::Compare { or_equal: true, .. } => "<=",
            Self::Compare { .. } => "<",
        }
    }
}

impl Form {
    /// The operator as it is written, if it is one.
    pub(super) fn name(&self) -> Option<String> {
        let name = match self {
            Self::Infix { infix, .. } => infix.name(),
            Self::Call(call) => call.operator.names[0],
            Self::Key { name, .. } => return Some(format!(".{name}")),
            Self::Index { .. } => "[]",
            Self::Slice { .. } => "[:]",
            Self::Descend { .. } => "..",
            Self::Object => "{}",
            Self::Pipe(_) => "|",
            Self::Union(_) => ",",
            Self::Attribute { relative, .. } => match relative {
                true => "|=",
                false => "=",
            },
            Self::If { .. } => "if",
            Self::List(_) => "[…]",
            Self::Identity
            | Self::Nothing
            | Self::Literal { .. }
            | Self::Text(_)
            | Self::Variable(_) => return None,
        };
        Some(name.to_owned())
    }
}

impl Expr {
    /// Whether it looks at nothing but what its paths name, and not at whole documents.
    pub(super) fn is_narrow(&self) -> bool {
        /// Operators that look no further than what they are given.
        const NARROW: [&str; 7] = ["select", "del", "with", "has", "not", "env", "strenv"];
        let all = |parts: &[Self]| parts.iter().all(Self::is_narrow);
        let both = |one: &Self, other: &Self| one.is_narrow() && other.is_narrow();
        let rest = |part: &Option<Box<Self>>| part.as_deref().is_none_or(Self::is_narrow);
        match &self.form {
            Form::Identity
            | Form::Nothing
            | Form::Literal { .. }
            | Form::Variable(_)
            | Form::Key { .. }
            | Form::Object => true,
            Form::Descend { .. } => false,
            Form::Text(template) => template.parts.iter().all(|part| match part {
                Part::Text(_) => true,
                Part::Expr(expr) => expr.is_narrow(),
            }),
            Form::Index { base, index, .. } => both(base, index),
            Form::Slice { base, from, to } => base.is_narrow() && rest(from) && rest(to),
            Form::List(items) => items.is_narrow(),
            Form::Pipe(parts) | Form::Union(parts) => all(parts),
            Form::Infix { left, right, .. } => both(left, right),
            Form::Attribute { target, value, .. } => both(target, value),
            Form::If {
                branches,
                otherwise,
            } => {
                let mut branches = branches.iter();
                branches.all(|branch| both(&branch.condition, &branch.value)) && rest(otherwise)
            }
            Form::Call(call) => NARROW.contains(&call.operator.names[0]) && rest(&call.argument),
        }
    }

    /// The two sides of `left; right`.
    pub(super) fn block(&self) -> Option<(&Self, &Self)> {
        match &self.form {
            Form::Infix {
                infix: Infix::Block,
                left,
                right,
            } => Some((left, right)),
            _ => None,
        }
    }

    /// The two sides of `left; right` or `left, right`.
    pub(super) fn pair(&self) -> Option<(&Self, &Self)> {
        match &self.form {
            Form::Union(parts) => match &parts[..] {
                [left, right] => Some((left, right)),
                _ => None,
            },
            _ => self.block(),
        }
    }
}
