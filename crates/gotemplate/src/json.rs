//! Values as Go's `encoding/json` prints them.

use kustom_yaml::{write_json_string, write_json_string_with_html};

use crate::meter::{Meter, Refusal, Result};
use crate::number;
use crate::value::{Value, within};

/// The JSON of a value, with `<`, `>` and `&` escaped, as Go prints it.
///
/// # Errors
///
/// If it holds what JSON has not, or is larger than the meter allows.
pub fn escaped(value: &Value, meter: &Meter) -> Result<String> {
    let mut writer = Writer {
        out: String::new(),
        meter,
        escapes: true,
        indents: false,
    };
    writer.value(value, 0)?;
    Ok(writer.out)
}

pub(crate) fn raw(value: &Value, meter: &Meter) -> Result<String> {
    let mut writer = Writer {
        out: String::new(),
        meter,
        escapes: false,
        indents: false,
    };
    writer.value(value, 0)?;
    Ok(writer.out)
}

pub(crate) fn pretty(value: &Value, meter: &Meter) -> Result<String> {
    let mut writer = Writer {
        out: String::new(),
        meter,
        escapes: true,
        indents: true,
    };
    writer.value(value, 0)?;
    Ok(writer.out)
}

struct Writer<'m> {
    out: String,
    meter: &'m Meter,
    escapes: bool,
    indents: bool,
}

impl Writer<'_> {
    fn line(&mut self, depth: usize) -> Result<()> {
        if self.indents {
            self.meter.charge_bytes(depth)?;
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("  ", depth));
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<()> {
        self.meter.charge_bytes(text.len())?;
        if self.escapes {
            write_json_string(text, &mut self.out);
        } else {
            write_json_string_with_html(text, &mut self.out);
        }
        Ok(())
    }

    fn value(&mut self, value: &Value, depth: usize) -> Result<()> {
        within(depth)?;
        self.meter.step()?;
        match value {
            Value::Missing | Value::Nil => self.out.push_str("null"),
            Value::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            Value::Int(number) | Value::Int64(number) => self.out.push_str(&number.to_string()),
            Value::Byte(number) => self.out.push_str(&number.to_string()),
            Value::Uint(number) => self.out.push_str(&number.to_string()),
            Value::Float(number) if number.is_finite() => {
                self.out.push_str(&number::json(*number));
            }
            Value::Float(_) => return Err(Refusal::new("a number is infinite")),
            Value::Str(text) => self.text(text)?,
            Value::Version(version) => self.text(&version.to_string())?,
            Value::List(list) if list.is_nil => self.out.push_str("null"),
            Value::List(list) => {
                self.out.push('[');
                for (index, item) in list.items.iter().enumerate() {
                    if index > 0 {
                        self.out.push(',');
                    }
                    self.line(depth + 1)?;
                    self.value(item, depth + 1)?;
                }
                if !list.items.is_empty() {
                    self.line(depth)?;
                }
                self.out.push(']');
            }
            Value::Map(map) => {
                let entries = map.entries.borrow();
                self.out.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        self.out.push(',');
                    }
                    self.line(depth + 1)?;
                    self.text(key)?;
                    self.out.push_str(if self.indents { ": " } else { ":" });
                    self.value(value, depth + 1)?;
                }
                if !entries.is_empty() {
                    self.line(depth)?;
                }
                self.out.push('}');
            }
        }
        Ok(())
    }
}
