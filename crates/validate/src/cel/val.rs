//! Values of expressions while they run.

use std::cmp::Ordering;
use std::rc::Rc;

use crate::quantity::Quantity;
use crate::time::Time;
use crate::value::{Data, Value};

/// A value while an expression runs.
#[derive(Clone, Debug)]
pub(crate) enum Val {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Rc<str>),
    Bytes(Rc<[u8]>),
    List(Rc<Vec<Val>>),
    Map(Rc<Vec<(Val, Val)>>),
    Timestamp(Time),
    Duration(jiff::SignedDuration),
    Quantity(Quantity),
    Optional(Option<Rc<Val>>),
}

/// Why an expression has no result.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    /// It fails as it would on a server.
    Error(String),
    /// It uses what is not built here, or more time than it is given.
    Unknown,
}

pub(super) type Outcome = Result<Val, Failure>;

impl Val {
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    /// A value of an object. Nulls in maps are absent, as the server drops them.
    pub(crate) fn of(value: &Value<'_>) -> Self {
        match &value.data {
            Data::Null => Self::Null,
            Data::Bool(set) => Self::Bool(*set),
            Data::Int(number) => Self::Int(*number),
            Data::Number(number) => Self::Double(*number),
            Data::Text(text) => Self::text(text),
            Data::List(items) => Self::List(Rc::new(items.iter().map(Self::of).collect())),
            Data::Map(entries) => Self::Map(Rc::new(
                entries
                    .iter()
                    .filter(|entry| !entry.value.is_null())
                    .map(|entry| (Self::text(&entry.key), Self::of(&entry.value)))
                    .collect(),
            )),
        }
    }

    /// Whether it is `true`.
    pub(crate) fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    /// The text, if it is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of different types are compared as doubles"
    )]
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::Uint(number) => Some(*number as f64),
            Self::Double(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(one), Self::Bool(other)) => one == other,
            (Self::Int(one), Self::Int(other)) => one == other,
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::Bytes(one), Self::Bytes(other)) => one == other,
            (Self::Timestamp(one), Self::Timestamp(other)) => one == other,
            (Self::Duration(one), Self::Duration(other)) => one == other,
            (Self::Quantity(one), Self::Quantity(other)) => one == other,
            (Self::List(one), Self::List(other)) => {
                one.len() == other.len() && one.iter().zip(other.iter()).all(|(a, b)| a.equals(b))
            }
            (Self::Map(one), Self::Map(other)) => {
                one.len() == other.len()
                    && one.iter().all(|(key, value)| {
                        other.iter().any(|(other_key, other_value)| {
                            key.equals(other_key) && value.equals(other_value)
                        })
                    })
            }
            (Self::Optional(one), Self::Optional(other)) => match (one, other) {
                (Some(one), Some(other)) => one.equals(other),
                (None, None) => true,
                _ => false,
            },
            _ => match (self.number(), other.number()) {
                (Some(one), Some(other)) => one == other,
                _ => false,
            },
        }
    }

    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(one), Self::Bool(other)) => Some(one.cmp(other)),
            (Self::Int(one), Self::Int(other)) => Some(one.cmp(other)),
            (Self::Text(one), Self::Text(other)) => Some(one.cmp(other)),
            (Self::Bytes(one), Self::Bytes(other)) => Some(one.cmp(other)),
            (Self::Timestamp(one), Self::Timestamp(other)) => Some(one.cmp(other)),
            (Self::Duration(one), Self::Duration(other)) => Some(one.cmp(other)),
            _ => self.number()?.partial_cmp(&other.number()?),
        }
    }

    pub(super) fn get(&self, key: &Self) -> Option<Self> {
        match (self, key) {
            (Self::List(items), Self::Int(index)) => {
                items.get(usize::try_from(*index).ok()?).cloned()
            }
            (Self::Map(entries), key) => entries
                .iter()
                .find(|(known, _)| known.equals(key))
                .map(|(_, value)| value.clone()),
            _ => None,
        }
    }

    pub(super) fn items(&self) -> Option<Vec<Self>> {
        match self {
            Self::List(items) => Some(items.to_vec()),
            Self::Map(entries) => Some(entries.iter().map(|(key, _)| key.clone()).collect()),
            _ => None,
        }
    }

    pub(super) fn is_zero(&self) -> bool {
        match self {
            Self::Null
            | Self::Bool(false)
            | Self::Int(0)
            | Self::Uint(0)
            | Self::Optional(None) => true,
            Self::Text(text) => text.is_empty(),
            Self::List(items) => items.is_empty(),
            Self::Map(entries) => entries.is_empty(),
            _ => false,
        }
    }
}
