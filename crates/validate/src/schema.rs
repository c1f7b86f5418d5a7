//! What Kubernetes serves, minor by minor: kinds, and the structure of their definitions.
//!
//! Both tables are text that is read lazily: a definition is parsed when the first object needs it.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::value::Value;

const KINDS: &str = include_str!("../data/kinds.tsv");
const DEFINITIONS: &str = include_str!("../data/definitions.txt");

/// The oldest and the newest minor of Kubernetes 1 that the tables know.
pub const MINORS: std::ops::RangeInclusive<u32> = 11..=37;

/// Fields that the server drops without a word: their feature is off, or they mean nothing any more.
const DROPPED: &[(&str, &str)] = &[
    ("batch.v1.JobSpec", "scheduling"),
    ("coordination.v1.LeaseSpec", "preferredHolder"),
    ("coordination.v1.LeaseSpec", "strategy"),
    ("core.v1.Lifecycle", "stopSignal"),
    ("core.v1.NodeSpec", "configSource"),
    ("core.v1.NodeSpec", "podPreemptionPolicy"),
    ("core.v1.PodSpec", "evictionResponders"),
    ("discovery.v1.Endpoint", "deprecatedTopology"),
    ("resource.v1.DeviceAttribute", "bools"),
    ("resource.v1.DeviceAttribute", "ints"),
    ("resource.v1.DeviceAttribute", "strings"),
    ("resource.v1.DeviceAttribute", "versions"),
    ("resource.v1.DeviceSubRequest", "derivedAttributes"),
    ("resource.v1.ExactDeviceRequest", "derivedAttributes"),
    ("resource.v1.ResourceSliceSpec", "skipNodeOperations"),
];

/// A kind of one group and version.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) api_version: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) definition: &'static str,
    pub(crate) namespaced: bool,
    minors: &'static str,
    /// `1.22`, if it was deprecated, was removed, and what to use instead.
    pub(crate) deprecated: Option<&'static str>,
    pub(crate) removed: Option<&'static str>,
    pub(crate) replacement: Option<&'static str>,
}

impl Kind {
    /// Whether a minor serves it.
    pub(crate) fn is_served(&self, minor: u32) -> bool {
        in_ranges(self.minors, minor)
    }

    /// The first and the last minor that serve it.
    pub(crate) fn span(&self) -> (u32, u32) {
        let first = self.minors.split(['-', ',']).next();
        let last = self.minors.rsplit(['-', ',']).next();
        let number = |text: Option<&str>| text.and_then(|text| text.parse().ok()).unwrap_or(0);
        (number(first), number(last))
    }

    /// The group, empty for the core one.
    pub(crate) fn group(&self) -> &'static str {
        group_of(self.api_version)
    }
}

/// The group in front of a version; empty if there is none.
pub(crate) fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// Whether `11-17,20-37` holds a minor.
fn in_ranges(ranges: &str, minor: u32) -> bool {
    ranges.split(',').any(|range| {
        range.split_once('-').is_some_and(|(first, last)| {
            first.parse().is_ok_and(|first: u32| first <= minor)
                && last.parse().is_ok_and(|last: u32| minor <= last)
        })
    })
}

/// All kinds of all minors.
pub(crate) fn kinds() -> &'static [Kind] {
    static PARSED: OnceLock<Vec<Kind>> = OnceLock::new();
    PARSED.get_or_init(|| {
        KINDS
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| {
                let mut cells = line.split('\t');
                let mut next = || cells.next();
                let known = |cell: &'static str| (cell != "-").then_some(cell);
                Some(Kind {
                    api_version: next()?,
                    kind: next()?,
                    definition: next()?,
                    namespaced: next()? == "namespace",
                    minors: next()?,
                    deprecated: known(next()?),
                    removed: known(next()?),
                    replacement: known(next()?),
                })
            })
            .collect()
    })
}

/// The kind that an object says it is of, in whatever minor.
pub(crate) fn kind(api_version: &str, kind: &str) -> Option<&'static Kind> {
    static INDEX: OnceLock<HashMap<(&'static str, &'static str), &'static Kind>> = OnceLock::new();
    INDEX
        .get_or_init(|| {
            kinds()
                .iter()
                .map(|kind| ((kind.api_version, kind.kind), kind))
                .collect()
        })
        .get(&(api_version, kind))
        .copied()
}

/// The type of a field.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Type {
    String,
    Boolean,
    Int32,
    Int64,
    Number,
    /// Base64.
    Bytes,
    Time,
    MicroTime,
    Quantity,
    IntOrString,
    /// A map of whatever its author likes.
    Object,
    Any,
    /// A schema of a custom resource, or a list of such.
    SchemaOrArray,
    SchemaOrBoolean,
    SchemaOrStrings,
    List(Box<Type>),
    Map(Box<Type>),
    /// A definition, by its number.
    Definition(usize),
}

/// A field of a definition, as one minor knows it.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Type,
    /// The OpenAPI document calls it required. What that means is a matter of its Go type.
    pub(crate) required: bool,
    /// The words that it takes, empty if any.
    pub(crate) allowed: Vec<&'static str>,
    pub(crate) has_default: bool,
    /// It is a struct and no pointer: absent, it is there and empty.
    pub(crate) is_struct: bool,
    /// The keys of a list that is a map; a set has one empty key.
    pub(crate) list_keys: Vec<&'static str>,
    /// The server drops it without a word.
    pub(crate) dropped: bool,
}

/// A definition, as one minor knows it.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) name: &'static str,
    fields: Vec<Field>,
    /// A hash table of the names: the places of the fields, counted from 1, and 0 where there is none.
    slots: Vec<usize>,
}

/// A hash of a name, of its first and last letters and its length, in which few fields of a definition
/// are alike.
fn hash(name: &str) -> usize {
    // The golden ratio in 64 bits: it spreads what differs in any of them over the upper ones.
    const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
    let bytes = name.as_bytes();
    let ends = bytes.first_chunk().zip(bytes.last_chunk());
    let (first, last) = match ends {
        Some((first, last)) => (u32::from_be_bytes(*first), u32::from_be_bytes(*last)),
        None => (
            0,
            bytes
                .iter()
                .fold(0, |all, byte| all << 8 | u32::from(*byte)),
        ),
    };
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let brief = u64::from(first) << 32 | u64::from(last ^ length);
    (brief.wrapping_mul(SPREAD) >> 40) as usize
}

impl Definition {
    fn new(name: &'static str, fields: Vec<Field>) -> Self {
        // At most half full, so that every search ends.
        let mut slots = vec![0; (2 * fields.len() + 1).next_power_of_two()];
        let last = slots.len() - 1;
        for (place, field) in fields.iter().enumerate() {
            let mut slot = hash(field.name) & last;
            while slots[slot] != 0 {
                slot = (slot + 1) & last;
            }
            slots[slot] = place + 1;
        }
        Self {
            name,
            fields,
            slots,
        }
    }

    /// The place of a field among the fields.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        let last = self.slots.len() - 1;
        let mut slot = hash(name) & last;
        loop {
            let place = self.slots[slot].checked_sub(1)?;
            if self.fields[place].name == name {
                return Some(place);
            }
            slot = (slot + 1) & last;
        }
    }

    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.place(name).map(|place| &self.fields[place])
    }

    pub(crate) fn fields(&self) -> &[Field] {
        &self.fields
    }
}

/// How many fields of a map are indexed; those beyond are looked for.
const INDEXED: usize = 64;

/// The entries of a map by the places of the fields of its definition.
pub(crate) struct FieldValues<'v, 'a> {
    map: &'v Value<'a>,
    /// For each place the number of the first entry, counted from 1.
    entries: [u32; INDEXED],
    /// The places that have one.
    given: Places,
}

/// Some of the places of a definition: of the first [`INDEXED`] those that are set, and all beyond.
#[derive(Clone, Copy, Default)]
pub(crate) struct Places(u64);

impl Places {
    pub(crate) fn insert(&mut self, place: usize) {
        if place < INDEXED {
            self.0 |= 1 << place;
        }
    }

    pub(crate) fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The places in their order, where a definition has so many.
    pub(crate) fn iter(self, count: usize) -> impl Iterator<Item = usize> {
        let mut rest = self.0;
        let next = move || {
            let place = rest.trailing_zeros() as usize;
            rest &= rest.wrapping_sub(1);
            (place < INDEXED).then_some(place)
        };
        std::iter::from_fn(next).chain(INDEXED..count)
    }
}

impl<'v, 'a> FieldValues<'v, 'a> {
    pub(crate) fn of(definition: &Definition, map: &'v Value<'a>) -> Self {
        let mut entries = [0; INDEXED];
        let mut given = Places::default();
        for (number, entry) in (1_u32..).zip(map.entries()) {
            if let Some(place) = definition.place(&entry.key)
                && let Some(first) = entries.get_mut(place)
                && *first == 0
            {
                *first = number;
                given.insert(place);
            }
        }
        Self {
            map,
            entries,
            given,
        }
    }

    /// The places that the map has entries for.
    pub(crate) fn places(&self) -> Places {
        self.given
    }

    /// The value of the field at a place, unless it is absent or null.
    pub(crate) fn get(&self, place: usize, name: &str) -> Option<&'v Value<'a>> {
        let number = match self.entries.get(place) {
            Some(number) => number.checked_sub(1)?,
            None => return self.map.get(name),
        };
        let entry = self.map.entries().get(usize::try_from(number).ok()?);
        entry.map(|entry| &entry.value).filter(|it| !it.is_null())
    }
}

/// The definitions of one minor.
pub(crate) struct Schema {
    minor: u32,
    parsed: Vec<OnceLock<Definition>>,
}

/// Where the text of a definition lies: its name and the lines of its fields.
struct Source {
    name: &'static str,
    fields: &'static str,
}

fn sources() -> &'static (Vec<Source>, HashMap<&'static str, usize>) {
    static INDEX: OnceLock<(Vec<Source>, HashMap<&'static str, usize>)> = OnceLock::new();
    INDEX.get_or_init(|| {
        let mut sources: Vec<Source> = Vec::new();
        let mut rest = DEFINITIONS;
        while !rest.is_empty() {
            let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
            if line.starts_with('#') {
                rest = after;
                continue;
            }
            // Field lines begin with a tab; the first that does not begins the next definition.
            let mut end = 0;
            while after.get(end..).unwrap_or_default().starts_with('\t') {
                end += after
                    .get(end..)
                    .unwrap_or_default()
                    .find('\n')
                    .map_or(after.len() - end, |at| at + 1);
            }
            sources.push(Source {
                name: line,
                fields: after.get(..end).unwrap_or_default(),
            });
            rest = after.get(end..).unwrap_or_default();
        }
        let by_name = sources
            .iter()
            .enumerate()
            .map(|(number, source)| (source.name, number))
            .collect();
        (sources, by_name)
    })
}

impl Schema {
    pub(crate) fn of(minor: u32) -> Self {
        let count = sources().0.len();
        Self {
            minor,
            parsed: (0..count).map(|_| OnceLock::new()).collect(),
        }
    }

    /// How many definitions there are.
    pub(crate) fn len(&self) -> usize {
        self.parsed.len()
    }

    /// The number of a definition.
    pub(crate) fn number(name: &str) -> Option<usize> {
        sources().1.get(name).copied()
    }

    /// A definition by its number.
    pub(crate) fn definition(&self, number: usize) -> &Definition {
        self.parsed[number].get_or_init(|| {
            let source = &sources().0[number];
            let fields: Vec<Field> = source
                .fields
                .lines()
                .filter_map(|line| self.parse_field(source.name, line))
                .collect();
            Definition::new(source.name, fields)
        })
    }

    /// Reads a field's line, if this minor has the field in this form.
    fn parse_field(&self, definition: &str, line: &'static str) -> Option<Field> {
        let mut cells = line.split('\t').skip(1);
        let name = cells.next()?;
        if !in_ranges(cells.next()?, self.minor) {
            return None;
        }
        let mut field = Field {
            name,
            kind: parse_type(cells.next()?),
            required: false,
            allowed: Vec::new(),
            has_default: false,
            is_struct: false,
            list_keys: Vec::new(),
            dropped: DROPPED.contains(&(definition, name)),
        };
        for cell in cells {
            match cell.split_once('=').unwrap_or((cell, "")) {
                ("required", _) => field.required = true,
                ("enum", words) => field.allowed = words.split(',').collect(),
                ("default", _) => field.has_default = true,
                ("struct", _) => field.is_struct = true,
                ("map", keys) => field.list_keys = keys.split(',').collect(),
                ("set", _) => field.list_keys = vec![""],
                _ => {}
            }
        }
        Some(field)
    }
}

fn parse_type(text: &'static str) -> Type {
    if let Some(element) = text.strip_prefix("[]") {
        return Type::List(Box::new(parse_type(element)));
    }
    if let Some(element) = text.strip_prefix("{}") {
        return Type::Map(Box::new(parse_type(element)));
    }
    if let Some(name) = text.strip_prefix('@') {
        return Schema::number(name).map_or(Type::Object, Type::Definition);
    }
    match text {
        "string" => Type::String,
        "boolean" => Type::Boolean,
        "int32" => Type::Int32,
        "int64" => Type::Int64,
        "number" => Type::Number,
        "bytes" => Type::Bytes,
        "time" => Type::Time,
        "micro-time" => Type::MicroTime,
        "quantity" => Type::Quantity,
        "int-or-string" => Type::IntOrString,
        "object" => Type::Object,
        "schema-or-array" => Type::SchemaOrArray,
        "schema-or-boolean" => Type::SchemaOrBoolean,
        "schema-or-strings" => Type::SchemaOrStrings,
        _ => Type::Any,
    }
}
