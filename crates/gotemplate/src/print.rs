//! Values as Go's `fmt` prints them.
//!
//! Source: <https://pkg.go.dev/fmt#hdr-Printing>.

use std::fmt::Write as _;

use crate::meter::{Meter, Refusal, Result};
use crate::number;
use crate::quote::quoted;
use crate::value::{Value, within};

/// The text that Go's `%v` prints for a value.
///
/// # Errors
///
/// If it is nested too deep, or larger than the meter allows.
pub fn plain(value: &Value, meter: &Meter) -> Result<String> {
    let mut out = String::new();
    write_plain(value, &mut out, meter, 0)?;
    Ok(out)
}

fn write_plain(value: &Value, out: &mut String, meter: &Meter, depth: usize) -> Result<()> {
    within(depth)?;
    match value {
        Value::Missing | Value::Nil => out.push_str("<nil>"),
        Value::Bool(value) => {
            let _ = write!(out, "{value}");
        }
        Value::Int(value) | Value::Int64(value) => {
            let _ = write!(out, "{value}");
        }
        Value::Byte(value) => {
            let _ = write!(out, "{value}");
        }
        Value::Uint(value) => {
            let _ = write!(out, "{value}");
        }
        Value::Float(value) => out.push_str(&number::shortest(*value)),
        Value::Str(text) => {
            meter.charge_bytes(text.len())?;
            out.push_str(text);
        }
        Value::List(list) => {
            meter.step()?;
            out.push('[');
            for (index, item) in list.items.iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                meter.step()?;
                write_plain(item, out, meter, depth + 1)?;
            }
            out.push(']');
        }
        Value::Map(map) => {
            meter.step()?;
            out.push_str("map[");
            for (index, (key, value)) in map.entries.borrow().iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                meter.charge_bytes(key.len())?;
                out.push_str(key);
                out.push(':');
                write_plain(value, out, meter, depth + 1)?;
            }
            out.push(']');
        }
        Value::Version(version) => out.push_str(&version.to_string()),
    }
    Ok(())
}

/// `fmt.Sprint`: a blank between two values of which neither is a text.
pub(crate) fn sprint(values: &[Value], meter: &Meter) -> Result<String> {
    let mut out = String::new();
    for (index, value) in values.iter().enumerate() {
        let is_text = |value: &Value| matches!(value, Value::Str(_));
        if index > 0 && !is_text(value) && !is_text(&values[index - 1]) {
            out.push(' ');
        }
        write_plain(value, &mut out, meter, 0)?;
    }
    Ok(out)
}

/// `fmt.Sprintln`
pub(crate) fn sprintln(values: &[Value], meter: &Meter) -> Result<String> {
    let texts: Result<Vec<String>> = values.iter().map(|value| plain(value, meter)).collect();
    Ok(texts?.join(" ") + "\n")
}

#[derive(Clone, Copy, Default)]
struct Flags {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// The largest width and precision that Go prints with.
const WIDEST: usize = 1_000_000;

/// `fmt.Sprintf`
pub(crate) fn sprintf(format: &str, values: &[Value], meter: &Meter) -> Result<String> {
    let mut reader = FormatReader {
        chars: format.chars().peekable(),
        values,
        next: 0,
        is_reordered: false,
        out: String::new(),
    };
    while let Some(found) = reader.chars.next() {
        if found != '%' {
            reader.out.push(found);
            continue;
        }
        meter.step()?;
        let flags = reader.flags();
        for size in [flags.width, flags.precision].into_iter().flatten() {
            if size > WIDEST {
                return Err(Refusal::new(format!(
                    "`{format}` asks for more than {WIDEST} characters"
                )));
            }
            meter.charge_bytes(size)?;
        }
        let Some(verb) = reader.chars.next() else {
            reader.out.push_str("%!(NOVERB)");
            break;
        };
        if verb == '%' {
            reader.out.push('%');
            continue;
        }
        let value = reader.values.get(reader.next);
        reader.next += 1;
        match value {
            Some(value) => formatted(verb, value, flags, &mut reader.out, meter, 0)?,
            None => {
                let _ = write!(reader.out, "%!{verb}(MISSING)");
            }
        }
    }
    let FormatReader {
        next,
        is_reordered,
        mut out,
        ..
    } = reader;
    if !is_reordered && let Some(extra) = values.get(next..).filter(|extra| !extra.is_empty()) {
        write_extra(extra, &mut out, meter)?;
    }
    meter.charge_bytes(out.len())?;
    Ok(out)
}

/// The arguments that no verb has asked for.
fn write_extra(values: &[Value], out: &mut String, meter: &Meter) -> Result<()> {
    out.push_str("%!(EXTRA ");
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        match value {
            Value::Nil | Value::Missing => out.push_str("<nil>"),
            _ => {
                out.push_str(value.type_name());
                out.push('=');
                write_plain(value, out, meter, 0)?;
            }
        }
    }
    out.push(')');
    Ok(())
}

/// A format while it is read.
struct FormatReader<'f> {
    chars: std::iter::Peekable<std::str::Chars<'f>>,
    values: &'f [Value],
    /// The argument that is next.
    next: usize,
    /// Whether an index has named an argument.
    is_reordered: bool,
    out: String,
}

impl FormatReader<'_> {
    /// What stands between `%` and the verb: flags, width and precision.
    fn flags(&mut self) -> Flags {
        let mut flags = Flags::default();
        while let Some(flag) = self.chars.next_if(|next| "+-# 0".contains(*next)) {
            match flag {
                '+' => flags.plus = true,
                '-' => {
                    flags.minus = true;
                    flags.zero = false;
                }
                '#' => flags.sharp = true,
                ' ' => flags.space = true,
                _ => flags.zero = true,
            }
        }
        self.index();
        let width = self.count("WIDTH");
        if width.is_some_and(|width| width < 0) {
            flags.minus = true;
            flags.zero = false;
        }
        let wide = |number: i64| usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX);
        flags.width = width.map(wide);
        if self.chars.next_if_eq(&'.').is_some() {
            self.index();
            let precision = self.count("PREC").unwrap_or(0);
            flags.precision = (precision >= 0).then(|| wide(precision));
        }
        self.index();
        flags
    }

    /// A width or a precision: digits, or `*` for the next argument.
    fn count(&mut self, kind: &str) -> Option<i64> {
        if self.chars.next_if_eq(&'*').is_some() {
            let value = match self.values.get(self.next) {
                Some(Value::Int(value) | Value::Int64(value))
                    if value.unsigned_abs() <= WIDEST as u64 =>
                {
                    Some(*value)
                }
                _ => {
                    let _ = write!(self.out, "%!(BAD{kind})");
                    None
                }
            };
            self.next += 1;
            return value;
        }
        let mut number: Option<i64> = None;
        while let Some(digit) = self.chars.next_if(char::is_ascii_digit) {
            let digit = i64::from(digit.to_digit(10).unwrap_or(0));
            number = Some(number.unwrap_or(0).saturating_mul(10).saturating_add(digit));
        }
        number
    }

    /// An index of an argument, such as `[2]`; one that is wrong points behind all arguments.
    fn index(&mut self) {
        if self.chars.next_if_eq(&'[').is_none() {
            return;
        }
        let digits: String = self.chars.by_ref().take_while(|it| *it != ']').collect();
        self.is_reordered = true;
        self.next = match digits.parse::<usize>() {
            Ok(number) if number > 0 => number - 1,
            _ => self.values.len(),
        };
    }
}

fn padded(text: &str, flags: Flags, out: &mut String) {
    let missing = flags
        .width
        .unwrap_or(0)
        .saturating_sub(text.chars().count());
    let fill = |out: &mut String, with: char| out.extend(std::iter::repeat_n(with, missing));
    if flags.minus {
        out.push_str(text);
        fill(out, ' ');
    } else {
        fill(out, if flags.zero { '0' } else { ' ' });
        out.push_str(text);
    }
}

fn formatted(
    verb: char,
    value: &Value,
    flags: Flags,
    out: &mut String,
    meter: &Meter,
    depth: usize,
) -> Result<()> {
    within(depth)?;
    meter.step()?;
    if verb == 'T' {
        padded(value.type_name(), flags, out);
        return Ok(());
    }
    let is_suited = match value {
        Value::Nil | Value::Missing if depth > 0 => {
            out.push_str("<nil>");
            true
        }
        Value::Nil | Value::Missing => {
            if verb == 'v' {
                padded("<nil>", flags, out);
            }
            verb == 'v'
        }
        Value::Bool(value) => {
            let is_suited = matches!(verb, 'v' | 't');
            if is_suited {
                let text = if *value { "true" } else { "false" };
                let zero = false;
                padded(text, Flags { zero, ..flags }, out);
            }
            is_suited
        }
        Value::Int(number) | Value::Int64(number) => integer(verb, i128::from(*number), flags, out),
        Value::Byte(number) => integer(verb, i128::from(*number), flags, out),
        Value::Uint(number) => integer(verb, i128::from(*number), flags, out),
        Value::Float(number) => float(verb, *number, flags, out),
        Value::Str(text) => string(verb, text, flags, out, meter)?,
        Value::Version(version) => string(verb, &version.to_string(), flags, out, meter)?,
        Value::List(list) => {
            out.push('[');
            for (index, item) in list.items.iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                formatted(verb, item, flags, out, meter, depth + 1)?;
            }
            out.push(']');
            true
        }
        Value::Map(map) => {
            out.push_str("map[");
            for (index, (key, value)) in map.entries.borrow().iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                formatted(verb, &Value::text(key), flags, out, meter, depth + 1)?;
                out.push(':');
                formatted(verb, value, flags, out, meter, depth + 1)?;
            }
            out.push(']');
            true
        }
    };
    match is_suited {
        true => Ok(()),
        false => unsuited(verb, value, flags, out, meter, depth),
    }
}

/// A value whose type has no such verb.
fn unsuited(
    verb: char,
    value: &Value,
    flags: Flags,
    out: &mut String,
    meter: &Meter,
    depth: usize,
) -> Result<()> {
    let _ = write!(out, "%!{verb}(");
    match value {
        Value::Nil | Value::Missing => out.push_str("<nil>"),
        _ => {
            out.push_str(value.type_name());
            out.push('=');
            formatted('v', value, flags, out, meter, depth + 1)?;
        }
    }
    out.push(')');
    Ok(())
}

fn string(verb: char, text: &str, flags: Flags, out: &mut String, meter: &Meter) -> Result<bool> {
    meter.charge_bytes(text.len())?;
    let cut: String = match flags.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text.to_owned(),
    };
    match verb {
        'v' | 's' => padded(&cut, flags, out),
        'q' if flags.sharp && !cut.contains(['`', '\n', '\r']) => {
            padded(&format!("`{cut}`"), flags, out);
        }
        'q' => padded(&quoted(&cut), flags, out),
        'x' | 'X' => {
            let bytes = text.as_bytes();
            let bytes = &bytes[..flags.precision.unwrap_or(bytes.len()).min(bytes.len())];
            let mut hex = String::with_capacity(bytes.len() * 2);
            for byte in bytes {
                let _ = if verb == 'x' {
                    write!(hex, "{byte:02x}")
                } else {
                    write!(hex, "{byte:02X}")
                };
            }
            padded(&hex, flags, out);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn integer(verb: char, number: i128, flags: Flags, out: &mut String) -> bool {
    let size = number.unsigned_abs();
    let (mut digits, prefix) = match verb {
        'v' | 'd' => (size.to_string(), ""),
        'x' => (format!("{size:x}"), if flags.sharp { "0x" } else { "" }),
        'X' => (format!("{size:X}"), if flags.sharp { "0X" } else { "" }),
        'o' => (format!("{size:o}"), if flags.sharp { "0" } else { "" }),
        'O' => (format!("{size:o}"), "0o"),
        'b' => (format!("{size:b}"), if flags.sharp { "0b" } else { "" }),
        'c' | 'q' | 'U' => {
            let found = u32::try_from(number).ok().and_then(char::from_u32);
            let found = found.unwrap_or(char::REPLACEMENT_CHARACTER);
            let text = match verb {
                'c' => found.to_string(),
                'q' => {
                    let text = quoted(&found.to_string());
                    let inner = text.trim_start_matches('"').trim_end_matches('"');
                    match found {
                        '\'' => "'\\''".to_owned(),
                        '"' => "'\"'".to_owned(),
                        _ => format!("'{inner}'"),
                    }
                }
                _ => format!("U+{size:04X}"),
            };
            padded(&text, flags, out);
            return true;
        }
        _ => return false,
    };
    let sign = match (number < 0, flags.plus, flags.space) {
        (true, ..) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        _ => "",
    };
    if flags.precision == Some(0) && size == 0 {
        digits.clear();
    }
    let mut least = flags.precision.unwrap_or(0);
    if flags.precision.is_none() && flags.zero {
        let width = flags.width.unwrap_or(0);
        least = width.saturating_sub(sign.len() + prefix.len());
    }
    let zeros = "0".repeat(least.saturating_sub(digits.len()));
    let flags = Flags {
        zero: false,
        ..flags
    };
    padded(&format!("{sign}{prefix}{zeros}{digits}"), flags, out);
    true
}

fn float(verb: char, value: f64, flags: Flags, out: &mut String) -> bool {
    let size = value.abs();
    let mut digits = if !value.is_finite() {
        number::shortest(size).trim_start_matches('+').to_owned()
    } else {
        match verb {
            'v' | 'g' | 'G' => match flags.precision {
                None => number::shortest(size),
                Some(precision) => general(size, precision.max(1)),
            },
            'f' | 'F' => format!("{size:.*}", flags.precision.unwrap_or(6)),
            'e' | 'E' => {
                let text = format!("{size:.*e}", flags.precision.unwrap_or(6));
                number::with_exponent(&text)
            }
            _ => return false,
        }
    };
    if !"vgGfFeE".contains(verb) {
        return false;
    }
    if matches!(verb, 'E' | 'G') {
        digits = digits.to_uppercase();
    }
    let sign = match (
        value.is_sign_negative() && !value.is_nan(),
        flags.plus,
        flags.space,
    ) {
        (true, ..) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        _ => "",
    };
    let zero = flags.zero && value.is_finite();
    if zero && !flags.minus {
        let width = flags.width.unwrap_or(0);
        let zeros = width.saturating_sub(sign.len() + digits.len());
        let _ = write!(out, "{sign}{}{digits}", "0".repeat(zeros));
    } else {
        let flags = Flags { zero, ..flags };
        padded(&format!("{sign}{digits}"), flags, out);
    }
    true
}

/// `%.Ng`: that many digits, without zeros at the end.
fn general(size: f64, precision: usize) -> String {
    if size == 0.0 {
        return "0".to_owned();
    }
    let text = format!("{size:.*e}", precision - 1);
    let (digits, exponent) = text.rsplit_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trimmed = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    let most = i32::try_from(precision).unwrap_or(i32::MAX);
    // A precision of more digits than there are counts as that many.
    let count = trimmed(digits).chars().filter(char::is_ascii_digit).count();
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    let bound = if most > count && count > exponent {
        count
    } else {
        most
    };
    if exponent < -4 || exponent >= bound {
        return number::with_exponent(&format!("{}e{exponent}", trimmed(digits)));
    }
    let decimals = usize::try_from(most - 1 - exponent).unwrap_or(0);
    trimmed(&format!("{size:.decimals$}"))
}
