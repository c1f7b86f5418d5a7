//! Definitions of well-known custom resources, for objects whose definition nobody has brought.
//!
//! The table is text that is read when the first object of a kind comes. A part of a schema that is
//! there more than once stands on a line of its own, and its number, `~12`, where it belongs.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use crate::finding::{Finding, Severity};
use crate::value::{Data, Entry, Value};

const TABLE: &str = include_str!("../data/custom.txt");

/// A version of a well-known kind.
pub(crate) struct BundledKind {
    /// Whose definition it is: `cert-manager v1.21.2`.
    pub(crate) source: &'static str,
    api_version: &'static str,
    kind: &'static str,
    text: &'static str,
    version: OnceLock<Value<'static>>,
}

impl BundledKind {
    /// The version, as a definition lists it.
    pub(crate) fn version(&self) -> &Value<'static> {
        self.version.get_or_init(|| {
            let mut reader = Reader { rest: self.text };
            // A test reads all of them.
            reader.value().unwrap_or(Value {
                data: Data::Null,
                origin: 0,
            })
        })
    }

    /// What is found by a definition that need not be the one of the cluster: a warning.
    pub(crate) fn soften(&self, mut finding: Finding) -> Finding {
        finding.severity = Severity::Warning;
        finding.message = format!("{}, by the definition of {}", finding.message, self.source);
        finding.help.get_or_insert_with(|| {
            "if the cluster has another version, name its definitions in `crds` of `kustom.yaml`"
                .to_owned()
        });
        finding
    }
}

struct Table {
    /// Parts of schemas, by their numbers.
    parts: Vec<&'static str>,
    kinds: Vec<BundledKind>,
    by_name: HashMap<(&'static str, &'static str), usize>,
}

fn table() -> &'static Table {
    static TABLE_READ: OnceLock<Table> = OnceLock::new();
    TABLE_READ.get_or_init(|| {
        let (mut parts, mut kinds) = (Vec::new(), Vec::new());
        let mut source = "";
        for line in TABLE.lines() {
            match line.as_bytes().first() {
                None | Some(b'#') => {}
                Some(b'{' | b'[') => parts.push(line),
                Some(b'=') => source = line.trim_start_matches('='),
                Some(_) => {
                    let mut cells = line.splitn(3, ' ');
                    let mut next = || cells.next().unwrap_or_default();
                    kinds.push(BundledKind {
                        source,
                        api_version: next(),
                        kind: next(),
                        text: next(),
                        version: OnceLock::new(),
                    });
                }
            }
        }
        let by_name = kinds.iter().enumerate();
        let by_name = by_name
            .map(|(number, kind)| ((kind.api_version, kind.kind), number))
            .collect();
        Table {
            parts,
            kinds,
            by_name,
        }
    })
}

/// The definition of a version of a kind, if it is well known.
pub(crate) fn find(api_version: &str, kind: &str) -> Option<&'static BundledKind> {
    let table = table();
    let number = table.by_name.get(&(api_version, kind))?;
    Some(&table.kinds[*number])
}

/// The versions of a well-known kind that are there, and whose definition says so.
pub(crate) fn versions(group: &str, kind: &str) -> Vec<(&'static str, &'static str)> {
    let of_kind = table()
        .kinds
        .iter()
        .filter(|known| known.kind == kind && crate::schema::group_of(known.api_version) == group);
    of_kind
        .map(|known| (known.api_version, known.source))
        .collect()
}

/// Reads JSON with numbers of parts in it.
struct Reader {
    rest: &'static str,
}

impl Reader {
    fn value(&mut self) -> Option<Value<'static>> {
        let data = match self.rest.as_bytes().first()? {
            b'{' => {
                let mut entries = Vec::new();
                self.sequence('}', |reader| {
                    let key = reader.text()?;
                    reader.eat(':')?;
                    let value = reader.value()?;
                    entries.push(Entry {
                        key,
                        origin: 0,
                        value,
                    });
                    Some(())
                })?;
                Data::Map(entries)
            }
            b'[' => {
                let mut items = Vec::new();
                self.sequence(']', |reader| {
                    items.push(reader.value()?);
                    Some(())
                })?;
                Data::List(items)
            }
            b'"' => Data::Text(self.text()?),
            b'~' => {
                self.eat('~')?;
                let number: usize = self.word().parse().ok()?;
                let mut part = Self {
                    rest: table().parts.get(number)?,
                };
                return part.value();
            }
            _ => match self.word() {
                "null" => Data::Null,
                "true" => Data::Bool(true),
                "false" => Data::Bool(false),
                number => match number.parse() {
                    Ok(number) => Data::Int(number),
                    Err(_) => Data::Number(number.parse().ok()?),
                },
            },
        };
        Some(Value { data, origin: 0 })
    }

    fn eat(&mut self, sign: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(sign)?;
        Some(())
    }

    /// What stands between brackets, with commas between.
    fn sequence(&mut self, end: char, mut read: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.rest = self.rest.get(1..)?;
        while self.eat(end).is_none() {
            read(self)?;
            let _ = self.eat(',');
        }
        Some(())
    }

    /// A number or a name.
    fn word(&mut self) -> &'static str {
        let end = self.rest.find([',', '}', ']']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        word
    }

    /// A text in quotes.
    fn text(&mut self) -> Option<Cow<'static, str>> {
        self.eat('"')?;
        let end = self.rest.find(['"', '\\'])?;
        let plain = self.rest.get(..end)?;
        self.rest = self.rest.get(end..)?;
        if self.eat('"').is_some() {
            return Some(Cow::Borrowed(plain));
        }
        let mut text = plain.to_owned();
        loop {
            let sign = self.rest.chars().next()?;
            self.eat(sign)?;
            match sign {
                '"' => return Some(Cow::Owned(text)),
                '\\' => {
                    let escaped = self.rest.chars().next()?;
                    self.eat(escaped)?;
                    text.push(match escaped {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        'b' => '\u{8}',
                        'f' => '\u{c}',
                        'u' => {
                            let code = self.rest.get(..4)?;
                            self.rest = self.rest.get(4..)?;
                            char::from_u32(u32::from_str_radix(code, 16).ok()?)?
                        }
                        other => other,
                    });
                }
                other => text.push(other),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_definition_is_read_and_is_one_that_a_server_takes() {
        let kinds = &table().kinds;
        assert!(kinds.len() > 60, "{}", kinds.len());
        for known in kinds {
            let schema = known.version().at(&["schema", "openAPIV3Schema"]);
            let schema = schema.map(|schema| schema.text("type"));
            assert_eq!(
                schema,
                Some("object"),
                "{} {}",
                known.api_version,
                known.kind
            );
            assert!(known.source.contains(" v"), "{}", known.source);
        }
        assert_eq!(table().by_name.len(), kinds.len());
    }

    #[test]
    fn a_text_is_read_as_it_was_written() {
        let mut reader = Reader {
            rest: r#"{"a\n\"b\u00e9":[1,-2.5,true,null,{}],"c":"\\"}"#,
        };
        let value = reader.value().unwrap();
        assert_eq!(value.list("a\n\"bé").len(), 5);
        assert_eq!(value.text("c"), "\\");
    }
}
