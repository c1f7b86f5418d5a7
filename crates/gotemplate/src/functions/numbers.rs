//! Arithmetic.

use super::Type::{Any, Float, Int};
use super::convert::{to_float, to_int};
use super::{Function, function, int, variadic};
use crate::meter::{Meter, Refusal, Result};
use crate::value::Value;

pub(super) static ALL: [Function; 22] = [
    variadic("add", &[], Any, |_, values| {
        let sum = values.iter().map(to_int).fold(0, i64::wrapping_add);
        Ok(Value::Int64(sum))
    }),
    function("add1", &[Any], |_, values| {
        Ok(Value::Int64(to_int(&values[0]).wrapping_add(1)))
    }),
    function("sub", &[Any, Any], |_, values| {
        let difference = to_int(&values[0]).wrapping_sub(to_int(&values[1]));
        Ok(Value::Int64(difference))
    }),
    function("div", &[Any, Any], |_, values| {
        let divisor = nonzero(&values[1])?;
        Ok(Value::Int64(to_int(&values[0]).wrapping_div(divisor)))
    }),
    function("mod", &[Any, Any], |_, values| {
        let divisor = nonzero(&values[1])?;
        Ok(Value::Int64(to_int(&values[0]).wrapping_rem(divisor)))
    }),
    variadic("mul", &[Any], Any, |_, values| {
        let product = values.iter().map(to_int).fold(1, i64::wrapping_mul);
        Ok(Value::Int64(product))
    }),
    function("add1f", &[Any], |_, values| {
        decimal(
            Decimal::ZERO,
            &[values[0].clone(), Value::Int(1)],
            Decimal::plus,
        )
    }),
    variadic("addf", &[], Any, |_, values| {
        decimal(Decimal::ZERO, values, Decimal::plus)
    }),
    variadic("subf", &[Any], Any, |_, values| {
        decimal(Decimal::of(&values[0]), &values[1..], |one, two| {
            one.plus(two.negative())
        })
    }),
    variadic("mulf", &[Any], Any, |_, values| {
        decimal(Decimal::of(&values[0]), &values[1..], Decimal::times)
    }),
    variadic("divf", &[Any], Any, |_, values| {
        for divisor in &values[1..] {
            if to_float(divisor) == 0.0 {
                return Err(Refusal::new("a division by zero"));
            }
        }
        decimal(Decimal::of(&values[0]), &values[1..], Decimal::divided)
    }),
    variadic("max", &[Any], Any, |_, values| largest(values)),
    variadic("biggest", &[Any], Any, |_, values| largest(values)),
    variadic("min", &[Any], Any, |_, values| {
        let numbers = values.iter().map(to_int);
        Ok(Value::Int64(numbers.min().unwrap_or(0)))
    }),
    variadic("maxf", &[Any], Any, |_, values| {
        let numbers = values.iter().map(to_float);
        Ok(Value::Float(numbers.fold(f64::NEG_INFINITY, f64::max)))
    }),
    variadic("minf", &[Any], Any, |_, values| {
        let numbers = values.iter().map(to_float);
        Ok(Value::Float(numbers.fold(f64::INFINITY, f64::min)))
    }),
    function("ceil", &[Any], |_, values| {
        Ok(Value::Float(to_float(&values[0]).ceil()))
    }),
    function("floor", &[Any], |_, values| {
        Ok(Value::Float(to_float(&values[0]).floor()))
    }),
    variadic("round", &[Any, Int], Float, |_, values| {
        let places = i32::try_from(int(values, 1)).unwrap_or(i32::MAX);
        let rounds_up_on = match values.get(2) {
            Some(Value::Float(on)) => *on,
            _ => 0.5,
        };
        let power = 10f64.powi(places);
        let digit = power * to_float(&values[0]);
        let rounded = if digit.fract() >= rounds_up_on {
            digit.ceil()
        } else {
            digit.floor()
        };
        Ok(Value::Float(rounded / power))
    }),
    function("until", &[Int], |context, values| {
        let end = int(values, 0);
        let step = if end < 0 { -1 } else { 1 };
        Ok(Value::ints(steps(0, end, step, context.meter)?))
    }),
    function("untilStep", &[Int, Int, Int], |context, values| {
        let (start, end, step) = (int(values, 0), int(values, 1), int(values, 2));
        Ok(Value::ints(steps(start, end, step, context.meter)?))
    }),
    variadic("seq", &[], Int, |context, values| {
        let numbers: Vec<i64> = (0..values.len()).map(|index| int(values, index)).collect();
        let (start, step, end) = match numbers[..] {
            [end] => (1, if end < 1 { -1 } else { 1 }, end),
            [start, end] => (start, if end < start { -1 } else { 1 }, end),
            [start, step, end] if !(end < start && step > 0) => (start, step, end),
            _ => return Ok(Value::text("")),
        };
        let beyond = end.saturating_add(if end < start { -1 } else { 1 });
        let found = steps(start, beyond, step, context.meter)?;
        let texts: Vec<String> = found.iter().map(i64::to_string).collect();
        Ok(Value::text(texts.join(" ")))
    }),
];

fn nonzero(value: &Value) -> Result<i64> {
    match to_int(value) {
        0 => Err(Refusal::new("a division by zero")),
        divisor => Ok(divisor),
    }
}

fn largest(values: &[Value]) -> Result<Value> {
    let numbers = values.iter().map(to_int);
    Ok(Value::Int64(numbers.max().unwrap_or(0)))
}

fn steps(start: i64, end: i64, step: i64, meter: &Meter) -> Result<Vec<i64>> {
    let mut found = Vec::new();
    let is_down = end < start;
    if step == 0 || is_down != (step < 0) {
        return Ok(found);
    }
    let mut next = start;
    while if is_down { next > end } else { next < end } {
        meter.step()?;
        found.push(next);
        let Some(after) = next.checked_add(step) else {
            break;
        };
        next = after;
    }
    Ok(found)
}

/// A decimal number: digits, and how many of them are behind the point. Too many, and it is a float.
#[derive(Clone, Copy)]
enum Decimal {
    Exact(i128, u32),
    Float(f64),
}

fn decimal(
    start: Decimal,
    values: &[Value],
    with: fn(Decimal, Decimal) -> Decimal,
) -> Result<Value> {
    let result = values.iter().map(Decimal::of).fold(start, with);
    Ok(Value::Float(result.float()))
}

/// The digits of a quotient behind the point.
const QUOTIENT: u32 = 16;

impl Decimal {
    const ZERO: Self = Self::Exact(0, 0);

    fn of(value: &Value) -> Self {
        let number = to_float(value);
        let text = format!("{number}");
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
        let digits = format!("{whole}{decimals}").parse();
        match (digits, u32::try_from(decimals.len())) {
            (Ok(digits), Ok(count)) if count < 19 => Self::Exact(digits, count),
            _ => Self::Float(number),
        }
    }

    fn float(self) -> f64 {
        match self {
            Self::Exact(digits, count) => format!("{digits}e-{count}").parse().unwrap_or(f64::NAN),
            Self::Float(number) => number,
        }
    }

    fn negative(self) -> Self {
        match self {
            Self::Exact(digits, count) => Self::Exact(-digits, count),
            Self::Float(number) => Self::Float(-number),
        }
    }

    fn plus(self, other: Self) -> Self {
        let exact = || {
            let (Self::Exact(one, ours), Self::Exact(two, theirs)) = (self, other) else {
                return None;
            };
            let count = ours.max(theirs);
            let one = one.checked_mul(10i128.checked_pow(count - ours)?)?;
            let two = two.checked_mul(10i128.checked_pow(count - theirs)?)?;
            Some(Self::Exact(one.checked_add(two)?, count))
        };
        exact().unwrap_or_else(|| Self::Float(self.float() + other.float()))
    }

    fn times(self, other: Self) -> Self {
        let exact = || {
            let (Self::Exact(one, ours), Self::Exact(two, theirs)) = (self, other) else {
                return None;
            };
            Some(Self::Exact(one.checked_mul(two)?, ours + theirs))
        };
        exact().unwrap_or_else(|| Self::Float(self.float() * other.float()))
    }

    /// A quotient of 16 digits behind the point, rounded half away from zero.
    fn divided(self, other: Self) -> Self {
        let exact = || {
            let (Self::Exact(one, ours), Self::Exact(two, theirs)) = (self, other) else {
                return None;
            };
            let above = one.checked_mul(10i128.checked_pow(QUOTIENT + theirs)?)?;
            let below = two.checked_mul(10i128.checked_pow(ours)?)?;
            let (mut quotient, rest) = (above.checked_div(below)?, above.checked_rem(below)?);
            if rest.unsigned_abs().checked_mul(2)? >= below.unsigned_abs() {
                quotient += if (above < 0) == (below < 0) { 1 } else { -1 };
            }
            Some(Self::Exact(quotient, QUOTIENT))
        };
        exact().unwrap_or_else(|| Self::Float(self.float() / other.float()))
    }
}
