//! The values of a template, with the types that Go gives them.
//!
//! The type decides what a function accepts, what two values have in common, and what is printed:
//! `until` takes an `int` and not the `int64` that `add` makes.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::meter::{Meter, Refusal, Result};
use crate::semver::Version;

/// How deep values may be nested.
pub(crate) const DEEPEST: usize = 200;

/// A value as Go's templates see it.
#[derive(Clone, Debug)]
pub enum Value {
    /// No value at all: the result of a key that a map does not have.
    Missing,
    /// `nil`, as in `null` of a YAML file.
    Nil,
    /// `bool`
    Bool(bool),
    /// `int`: constants of a template, indexes, lengths.
    Int(i64),
    /// `int64`: results of arithmetic.
    Int64(i64),
    /// `uint8`: a byte of a text.
    Byte(u8),
    /// `uint64`: a part of a version.
    Uint(u64),
    /// `float64`: every number of a YAML or JSON file.
    Float(f64),
    /// `string`
    Str(Rc<str>),
    /// A slice.
    List(Rc<List>),
    /// A map with texts as keys.
    Map(Rc<Map>),
    /// `*semver.Version`
    Version(Rc<Version>),
}

/// A slice.
#[derive(Debug)]
pub struct List {
    /// The type of its items.
    pub of: Items,
    /// Its items.
    pub items: Vec<Value>,
    /// Whether Go has no slice there at all, which JSON shows as `null`.
    pub is_nil: bool,
    depth: usize,
}

/// The type of the items of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Items {
    /// `interface {}`
    Any,
    /// `string`
    Str,
    /// `int`
    Int,
    /// `[]interface {}`
    Lists,
}

/// A map with texts as keys. Copies of a [`Value`] share it, as in Go.
#[derive(Debug)]
pub struct Map {
    /// Whether its values are texts by type: `map[string]string`.
    pub of_texts: bool,
    /// Its entries.
    pub entries: RefCell<BTreeMap<String, Value>>,
    depth: usize,
}

impl Value {
    /// A text.
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::Str(Rc::from(text.as_ref()))
    }

    /// A `map[string]interface {}`.
    ///
    /// # Errors
    ///
    /// If it is nested too deep.
    pub fn map(entries: BTreeMap<String, Self>) -> Result<Self> {
        Self::new_map(entries, false)
    }

    /// A `map[string]string`.
    pub fn text_map(entries: impl IntoIterator<Item = (String, String)>) -> Self {
        let entries = entries
            .into_iter()
            .map(|(key, value)| (key, Self::text(value)));
        Self::Map(Rc::new(Map {
            of_texts: true,
            entries: RefCell::new(entries.collect()),
            depth: 1,
        }))
    }

    /// A `[]interface {}`.
    ///
    /// # Errors
    ///
    /// If it is nested too deep.
    pub fn list(items: Vec<Self>) -> Result<Self> {
        Self::new_list(items, Items::Any, false)
    }

    /// A `[]string`.
    pub fn texts<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        let items = texts.into_iter().map(Self::text).collect();
        Self::List(Rc::new(List {
            of: Items::Str,
            items,
            is_nil: false,
            depth: 1,
        }))
    }

    pub(crate) fn ints(items: impl IntoIterator<Item = i64>) -> Self {
        Self::List(Rc::new(List {
            of: Items::Int,
            items: items.into_iter().map(Self::Int).collect(),
            is_nil: false,
            depth: 1,
        }))
    }

    pub(crate) fn new_list(items: Vec<Self>, of: Items, is_nil: bool) -> Result<Self> {
        let depth = deepest(items.iter())?;
        Ok(Self::List(Rc::new(List {
            of,
            items,
            is_nil,
            depth,
        })))
    }

    fn new_map(entries: BTreeMap<String, Self>, of_texts: bool) -> Result<Self> {
        let depth = deepest(entries.values())?;
        Ok(Self::Map(Rc::new(Map {
            of_texts,
            entries: RefCell::new(entries),
            depth,
        })))
    }

    /// The name of its type in Go.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Missing | Self::Nil => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Int64(_) => "int64",
            Self::Byte(_) => "uint8",
            Self::Uint(_) => "uint64",
            Self::Float(_) => "float64",
            Self::Str(_) => "string",
            Self::List(list) => match list.of {
                Items::Any => "[]interface {}",
                Items::Str => "[]string",
                Items::Int => "[]int",
                Items::Lists => "[][]interface {}",
            },
            Self::Map(map) if map.of_texts => "map[string]string",
            Self::Map(_) => "map[string]interface {}",
            Self::Version(_) => "*semver.Version",
        }
    }

    /// The name of its kind in Go.
    pub(crate) fn kind_name(&self) -> &'static str {
        match self {
            Self::Missing | Self::Nil => "invalid",
            Self::List(_) => "slice",
            Self::Map(_) => "map",
            Self::Version(_) => "ptr",
            _ => self.type_name(),
        }
    }

    /// Whether a condition takes it for true.
    pub(crate) fn is_true(&self) -> bool {
        match self {
            Self::Version(_) => true,
            _ => !self.is_empty(),
        }
    }

    /// Whether it is the zero of its type, or a list, map or text without content.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Missing | Self::Nil => true,
            Self::Bool(value) => !value,
            Self::Int(value) | Self::Int64(value) => *value == 0,
            Self::Byte(value) => *value == 0,
            Self::Uint(value) => *value == 0,
            Self::Float(value) => *value == 0.0,
            Self::Str(text) => text.is_empty(),
            Self::List(list) => list.items.is_empty(),
            Self::Map(map) => map.entries.borrow().is_empty(),
            Self::Version(_) => false,
        }
    }

    /// Whether there is nothing behind it.
    pub(crate) fn is_nil(&self) -> bool {
        match self {
            Self::Missing | Self::Nil => true,
            Self::List(list) => list.is_nil,
            _ => false,
        }
    }

    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// A value under a key, if it is a map and has one.
    pub fn get(&self, key: &str) -> Option<Self> {
        match self {
            Self::Map(map) => map.entries.borrow().get(key).cloned(),
            _ => None,
        }
    }

    /// The entries, if it is a map.
    pub fn entries_of(&self) -> Vec<(String, Self)> {
        match self {
            Self::Map(map) => {
                let entries = map.entries.borrow();
                let entries = entries.iter();
                entries
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    fn depth(&self) -> usize {
        match self {
            Self::List(list) => list.depth,
            Self::Map(map) => map.depth,
            _ => 0,
        }
    }

    /// Go's `reflect.DeepEqual`: types count.
    pub(crate) fn equals(&self, other: &Self, meter: &Meter) -> Result<bool> {
        self.equals_below(other, meter, 0)
    }

    fn equals_below(&self, other: &Self, meter: &Meter, depth: usize) -> Result<bool> {
        meter.step()?;
        within(depth)?;
        Ok(match (self, other) {
            (Self::Missing | Self::Nil, Self::Missing | Self::Nil) => true,
            (Self::Bool(one), Self::Bool(two)) => one == two,
            (Self::Int(one), Self::Int(two)) | (Self::Int64(one), Self::Int64(two)) => one == two,
            (Self::Byte(one), Self::Byte(two)) => one == two,
            (Self::Uint(one), Self::Uint(two)) => one == two,
            (Self::Float(one), Self::Float(two)) => one == two,
            (Self::Str(one), Self::Str(two)) => one == two,
            (Self::List(one), Self::List(two)) => {
                if one.of != two.of
                    || one.is_nil != two.is_nil
                    || one.items.len() != two.items.len()
                {
                    return Ok(false);
                }
                for (one, two) in one.items.iter().zip(&two.items) {
                    if !one.equals_below(two, meter, depth + 1)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Self::Map(one), Self::Map(two)) => {
                if Rc::ptr_eq(one, two) {
                    return Ok(true);
                }
                let (ours, theirs) = (one.entries.borrow(), two.entries.borrow());
                if one.of_texts != two.of_texts || ours.len() != theirs.len() {
                    return Ok(false);
                }
                for (key, one) in ours.iter() {
                    let Some(two) = theirs.get(key) else {
                        return Ok(false);
                    };
                    if !one.equals_below(two, meter, depth + 1)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Self::Version(one), Self::Version(two)) => one == two,
            _ => false,
        })
    }

    /// A copy that shares no map with its original.
    ///
    /// # Errors
    ///
    /// If it is nested too deep, or larger than the meter allows.
    pub fn deep_copy(&self, meter: &Meter) -> Result<Self> {
        self.copy_below(meter, 0)
    }

    fn copy_below(&self, meter: &Meter, depth: usize) -> Result<Self> {
        meter.step()?;
        within(depth)?;
        match self {
            Self::List(list) => {
                let items = list.items.iter();
                let items = items.map(|item| item.copy_below(meter, depth + 1));
                Self::new_list(items.collect::<Result<_>>()?, list.of, list.is_nil)
            }
            Self::Map(map) => {
                let mut entries = BTreeMap::new();
                for (key, value) in map.entries.borrow().iter() {
                    entries.insert(key.clone(), value.copy_below(meter, depth + 1)?);
                }
                Self::new_map(entries, map.of_texts)
            }
            _ => Ok(self.clone()),
        }
    }

    /// Lays the entries of another map into this one, maps into maps; nothing if either is no map.
    ///
    /// A value that is there stays if it is not empty, unless the other `wins`.
    /// Source: <https://pkg.go.dev/dario.cat/mergo>.
    ///
    /// # Errors
    ///
    /// If they are nested too deep, or larger than the meter allows.
    pub fn merge(&self, other: &Self, wins: bool, meter: &Meter) -> Result<()> {
        self.merge_below(other, wins, meter, 0)
    }

    fn merge_below(&self, other: &Self, wins: bool, meter: &Meter, depth: usize) -> Result<()> {
        within(depth)?;
        let (Self::Map(ours), Self::Map(theirs)) = (self, other) else {
            return Ok(());
        };
        if Rc::ptr_eq(ours, theirs) {
            return Ok(());
        }
        let theirs: Vec<(String, Self)> = {
            let theirs = theirs.entries.borrow();
            let entries = theirs.iter();
            entries
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect()
        };
        for (key, value) in theirs {
            meter.charge(SHARED)?;
            let present = ours.entries.borrow().get(&key).cloned();
            if value.is_nil() && !matches!(value, Self::List(_)) {
                if wins {
                    ours.entries.borrow_mut().insert(key, value);
                }
                continue;
            }
            if let (Self::Map(_), Some(below @ Self::Map(_))) = (&value, &present) {
                below.merge_below(&value, wins, meter, depth + 1)?;
                if !below.is_empty() {
                    continue;
                }
            }
            if wins || present.is_none_or(|present| present.is_empty()) {
                ours.entries.borrow_mut().insert(key, value);
            }
        }
        Ok(())
    }
}

/// What a change of a map that others share costs, in steps: chains of maps that are made in this way
/// cannot become too long to be freed.
pub(crate) const SHARED: u64 = 500;

pub(crate) fn within(depth: usize) -> Result<()> {
    if depth > DEEPEST {
        return Err(Refusal::new("a value is nested too deep"));
    }
    Ok(())
}

fn deepest<'v>(values: impl Iterator<Item = &'v Value>) -> Result<usize> {
    let depth = 1 + values.map(Value::depth).max().unwrap_or(0);
    within(depth)?;
    Ok(depth)
}
