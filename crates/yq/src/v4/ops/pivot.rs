//! `pivot`: columns become rows.

use std::collections::HashMap;

use kustom_yaml::error::Result;
use kustom_yaml::{Str, Tag};

use crate::v4::arena_node::{Id, Kind};
use crate::v4::evaluator::Evaluator;
use crate::v4::expr::Call;
use crate::v4::scope::{Matches, Scope};

use super::errors::wrong_kind;

/// `pivot`: columns become rows.
pub(crate) fn pivot(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    e.for_each(scope, |e, id| {
        if e.arena.get(id).kind != Kind::Seq {
            return Err(wrong_kind(e, call, "a sequence", id));
        }
        let rows = e.arena.listed(id);
        let Some(first) = rows.first() else {
            return Err(wrong_kind(e, call, "a sequence with items", id));
        };
        let kind = e.arena.get(*first).kind;
        let is_mixed = rows.iter().any(|row| e.arena.get(*row).kind != kind);
        match kind {
            Kind::Seq if !is_mixed => Ok(Some(pivot_sequences(e, &rows))),
            Kind::Map if !is_mixed => Ok(Some(pivot_maps(e, &rows))),
            _ => Err(wrong_kind(e, call, "sequences only, or maps only", *first)),
        }
    })
}

fn pivot_sequences(e: &mut Evaluator<'_>, rows: &[Id]) -> Id {
    let table: Vec<Vec<Id>> = rows.iter().map(|row| e.arena.listed(*row)).collect();
    let width = table.iter().map(Vec::len).max().unwrap_or(0);
    let result = e.arena.collection(Kind::Seq);
    for column in 0..width {
        let cells = table.iter().map(|row| row.get(column).copied());
        let cells = padded(e, cells.collect());
        e.arena.append(result, cells);
    }
    result
}

fn pivot_maps(e: &mut Evaluator<'_>, rows: &[Id]) -> Id {
    let mut names: Vec<Str> = Vec::new();
    let mut columns: HashMap<Str, Vec<Option<Id>>> = HashMap::new();
    for (number, row) in rows.iter().enumerate() {
        for (key, value) in e.arena.entries(*row) {
            let name = e.arena.get(key).text.clone();
            let column = columns.entry(name.clone()).or_insert_with(|| {
                names.push(name);
                vec![None; rows.len()]
            });
            column[number] = Some(value);
        }
    }
    let result = e.arena.collection(Kind::Map);
    for name in names {
        let cells = columns.remove(&name).unwrap_or_default();
        let cells = padded(e, cells);
        let key = e.arena.scalar(name, Tag::Str);
        e.arena.append_entry(result, key, cells);
    }
    result
}

/// Cells in a sequence, nulls where there are none.
fn padded(e: &mut Evaluator<'_>, cells: Vec<Option<Id>>) -> Id {
    let seq = e.arena.collection(Kind::Seq);
    for cell in cells {
        match cell {
            Some(cell) => e.arena.push(seq, cell),
            None => {
                let null = e.arena.scalar("", Tag::Null);
                e.arena.append(seq, null);
            }
        }
    }
    seq
}
