//! Types of expressions.

use std::rc::Rc;

/// The type of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ty {
    /// Whatever it will be when it is run.
    Dyn,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    Text,
    Bytes,
    Timestamp,
    Duration,
    /// A type as a value.
    Type,
    List(Box<Ty>),
    Map(Box<Ty>, Box<Ty>),
    /// A map whose keys are known.
    Object(Rc<Fields>),
    Optional(Box<Ty>),
    /// A type of one of Kubernetes' libraries, by its name.
    Named(&'static str),
    /// A message that an expression makes, such as `Object.spec`.
    Message(String),
}

/// The fields of an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Fields {
    pub(crate) name: String,
    pub(crate) fields: Vec<(String, Ty)>,
}

impl Ty {
    /// What the name `cel` stands for where `cel.bind` is known.
    pub(crate) const BINDINGS: Self = Self::Named("bindings");

    pub(crate) fn list(element: Self) -> Self {
        Self::List(Box::new(element))
    }

    pub(crate) fn map(value: Self) -> Self {
        Self::Map(Box::new(Self::Text), Box::new(value))
    }

    pub(crate) fn object(name: &str, fields: Vec<(&str, Self)>) -> Self {
        Self::Object(Rc::new(Fields {
            name: name.to_owned(),
            fields: fields
                .into_iter()
                .map(|(field, kind)| (field.to_owned(), kind))
                .collect(),
        }))
    }

    /// The name of the type in messages.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Dyn => "dyn".to_owned(),
            Self::Null => "null_type".to_owned(),
            Self::Bool => "bool".to_owned(),
            Self::Int => "int".to_owned(),
            Self::Uint => "uint".to_owned(),
            Self::Double => "double".to_owned(),
            Self::Text => "string".to_owned(),
            Self::Bytes => "bytes".to_owned(),
            Self::Timestamp => "timestamp".to_owned(),
            Self::Duration => "duration".to_owned(),
            Self::Type => "type".to_owned(),
            Self::List(element) => format!("list({})", element.name()),
            Self::Map(key, value) => format!("map({}, {})", key.name(), value.name()),
            Self::Object(fields) => fields.name.clone(),
            Self::Optional(inner) => format!("optional({})", inner.name()),
            Self::Named(name) => (*name).to_owned(),
            Self::Message(name) => name.clone(),
        }
    }

    /// Whether a value of the other type may stand where one of this type is wanted.
    pub(crate) fn takes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Dyn, _) | (_, Self::Dyn) => true,
            // Everything but the plain values may be null.
            (
                Self::Object(_)
                | Self::Message(_)
                | Self::Timestamp
                | Self::Duration
                | Self::Named(_)
                | Self::Null,
                Self::Null,
            )
            | (
                Self::Null,
                Self::Object(_)
                | Self::Message(_)
                | Self::Timestamp
                | Self::Duration
                | Self::Named(_),
            ) => true,
            (Self::List(one), Self::List(other)) | (Self::Optional(one), Self::Optional(other)) => {
                one.takes(other)
            }
            (Self::Map(key, value), Self::Map(other_key, other_value)) => {
                key.takes(other_key) && value.takes(other_value)
            }
            (one, other) => one == other,
        }
    }

    /// One type for values of both.
    pub(crate) fn join(self, other: &Self) -> Self {
        if self == *other || *other == Self::Dyn {
            return self;
        }
        match (&self, other) {
            (Self::Dyn, _) => other.clone(),
            (Self::Null, _) if other.takes(&self) => other.clone(),
            (Self::List(element), Self::List(more))
                if **element == Self::Dyn || element.takes(more) =>
            {
                Self::List(Box::new((**element).clone().join(more)))
            }
            _ if self.takes(other) => self,
            _ => Self::Dyn,
        }
    }

    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Uint | Self::Double)
    }
}
