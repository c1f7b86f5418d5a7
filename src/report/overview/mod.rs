//! Pages of a whole project: what it is made of, its objects in all environments, what was found.
//!
//! A page needs nothing else: no network, no other file. Objects are data of the page, which its
//! script lays out when one is opened; everything else stands in it without a script.

mod findings;
mod matrix;
mod objects;
mod rows;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::findings::Report;
use super::graph::{STYLE as GRAPH_STYLE, figure};
use super::page::{self, escaped};
use super::shown;
use crate::diff::Diff;
use crate::explain::{Blamed, Explained};
use crate::graph::Graph;
use crate::resource::Resource;

use findings::Index;
use rows::{Row, rows};

const STYLE: &str = include_str!("overview.css");
const SCRIPT: &str = include_str!("overview.js");

/// An environment as a page shows it.
pub struct EnvironmentView {
    /// What it is called.
    pub name: String,
    /// Its objects, and what made them; nothing if it does not render.
    pub rendered: Option<(Explained, Vec<Resource>)>,
    /// What differs from the environment that all are held against; nothing for that one.
    pub diff: Option<Diff>,
}

/// A project, as pages show it.
pub struct Overview<'o> {
    /// What the page is called.
    pub title: &'o str,
    /// What the environments are made of.
    pub graph: &'o Graph,
    /// The environments, in order.
    pub environments: &'o [EnvironmentView],
    /// The number of the environment that the others are held against.
    pub reference: usize,
    /// What was found, without secrets.
    pub report: &'o Report,
}

/// A file of HTML.
#[derive(Clone, Debug)]
pub struct Page {
    /// The name of the file.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// What all pages of an overview share: it is put together once.
struct Prepared<'o> {
    rows: Vec<Row<'o>>,
    /// The lines of each object of each environment.
    objects: Vec<Vec<Vec<Blamed>>>,
    index: Index,
}

impl<'o> Prepared<'o> {
    fn of(overview: &Overview<'o>) -> Self {
        let rows = rows(overview.environments, overview.reference);
        let environments = overview.environments.iter();
        let objects: Vec<Vec<Vec<Blamed>>> = environments.map(objects::lines_of).collect();
        let index = Index::of(overview.report, &rows, &objects);
        Self {
            rows,
            objects,
            index,
        }
    }
}

impl Overview<'_> {
    /// All on one page.
    pub fn page(&self) -> String {
        let prepared = Prepared::of(self);
        let every: Vec<usize> = (0..self.environments.len()).collect();
        let links = vec![String::new(); every.len()];
        let mut text = self.head(self.title, &[]);
        text.push_str(&self.graph_section());
        text.push_str(&matrix::write(self, &prepared.rows, &links, &every));
        text.push_str(&findings::write(self, &prepared, None, &links));
        text.push_str(&self.end(&prepared, &every));
        text
    }

    /// An index, and a page for each environment.
    pub fn pages(&self) -> Vec<Page> {
        let prepared = Prepared::of(self);
        let every: Vec<usize> = (0..self.environments.len()).collect();
        let names = file_names(self.environments);
        let mut pages = Vec::with_capacity(names.len() + 1);
        let mut index = self.head(self.title, &names);
        index.push_str(&self.graph_section());
        index.push_str(&matrix::write(self, &prepared.rows, &names, &every));
        index.push_str(&findings::write(self, &prepared, None, &names));
        index.push_str(&self.end(&prepared, &[]));
        pages.push(Page {
            name: INDEX.to_owned(),
            text: index,
        });
        for (number, environment) in self.environments.iter().enumerate() {
            let mut links = names.clone();
            links[number].clear();
            // Beside the reference.
            let mut columns = vec![self.reference, number];
            columns.dedup();
            let title = format!("{} – {}", shown::name(&environment.name), self.title);
            let mut text = self.head(&title, &names);
            text.push_str(&matrix::write(self, &prepared.rows, &links, &columns));
            text.push_str(&findings::write(self, &prepared, Some(number), &links));
            text.push_str(&self.end(&prepared, &[number]));
            pages.push(Page {
                name: names[number].clone(),
                text,
            });
        }
        pages
    }

    fn head(&self, title: &str, names: &[String]) -> String {
        let mut text = page::head(title, &format!("{GRAPH_STYLE}{STYLE}"));
        let environments = match self.environments.len() {
            1 => "1 environment".to_owned(),
            count => format!("{count} environments"),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "<p>{environments}, {}</p>",
            escaped(&self.report.counts().sentence())
        );
        if !names.is_empty() {
            let _ = write!(text, "<nav><a href=\"{INDEX}\">all</a>");
            for (environment, name) in self.environments.iter().zip(names) {
                let shown = shown::name(&environment.name);
                let _ = write!(text, " <a href=\"{name}\">{}</a>", escaped(&shown));
            }
            text.push_str("</nav>\n");
        }
        text.push_str("</header>\n<main>\n");
        text
    }

    /// The picture: where it is large, first without what leads to nothing.
    fn graph_section(&self) -> String {
        let section = |title: &str, open: &str, most: usize| {
            format!(
                "<details class=\"plain\"{open}>\n<summary>{title}</summary>\n\
                 <div class=\"scroll\" tabindex=\"0\">{}</div>\n</details>\n",
                figure(self.graph, most)
            )
        };
        let mut text = section("What the environments are made of", " open", SMALL);
        if self.graph.nodes().len() > SMALL {
            text.push_str(&section(
                "With generators, charts and configs",
                "",
                usize::MAX,
            ));
        }
        text
    }

    fn end(&self, prepared: &Prepared<'_>, environments: &[usize]) -> String {
        let data = objects::write(self, prepared, environments);
        format!(
            "</main>\n<dialog id=\"object\" aria-labelledby=\"object-title\"></dialog>\n\
             <noscript><p>The objects are shown by a script of this page.</p></noscript>\n\
             <script type=\"application/json\" id=\"data\">{data}</script>\n{}",
            page::tail(SCRIPT)
        )
    }
}

/// How many nodes of a graph are looked at at once.
const SMALL: usize = 40;

const INDEX: &str = "index.html";

/// A name for the file of each environment: one that any system takes, no two the same.
fn file_names(environments: &[EnvironmentView]) -> Vec<String> {
    let mut taken = BTreeSet::from(["index".to_owned()]);
    let one = |environment: &EnvironmentView| {
        let plain: String = environment
            .name
            .chars()
            .map(|c| {
                let is_plain = c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
                if is_plain { c } else { '_' }
            })
            .take(80)
            .collect();
        let mut name = plain.clone();
        let mut number = 1;
        while !taken.insert(name.clone()) {
            number += 1;
            name = format!("{plain}-{number}");
        }
        format!("{name}.html")
    };
    environments.iter().map(one).collect()
}
