//! Registries of images: the tags that one serves.
//!
//! Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#content-discovery>.

use std::thread;
use std::time::{Duration, Instant};

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::limits;
use kustom_yaml::place::SourceId;
use kustom_yaml::{Node, json_or_config};

use super::http::{Reply, get};

/// How much time is between two questions, so that nobody is flooded.
const PAUSE: Duration = Duration::from_millis(100);

/// The longest time that a registry may ask us to wait.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many pages of tags are read.
const MOST_PAGES: usize = 50;

/// A client of registries: one question after the other, not faster than every tenth of a second.
#[derive(Debug, Default)]
pub struct Registry {
    last: Option<Instant>,
}

impl Registry {
    /// The tags of a repository of images, as in `host.example/team/app`; a registry on this
    /// machine is asked over plain HTTP, as docker does.
    ///
    /// # Errors
    ///
    /// If the registry cannot be asked, has no such repository, or gives it to nobody without a
    /// password.
    pub fn tags(&mut self, host: &str, name: &str) -> Result<Vec<String>> {
        if limits::current().offline {
            let message = format!(
                "the tags of `{host}/{name}` are not known, and `--offline` fetches nothing"
            );
            return Err(Error::new(Kind::Load, message).help("leave out `--offline`"));
        }
        let local = host.split(':').next().unwrap_or_default();
        let scheme = match local == "localhost" || local.starts_with("127.") {
            true => "http",
            false => "https",
        };
        let base = format!("{scheme}://{host}");
        let mut next = format!("{base}/v2/{name}/tags/list?n=1000");
        let (mut tags, mut token) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let mut reply = self.ask(&next, token.as_deref())?;
            if reply.status == 401 && token.is_none() {
                token = self.token(&reply)?;
                reply = self.ask(&next, token.as_deref())?;
            }
            let wrong = |why: &str| {
                let message =
                    format!("the registry does not tell the tags of `{host}/{name}`: {why}");
                Error::new(Kind::Load, message)
            };
            match reply.status {
                200 => {}
                401 | 403 => {
                    return Err(
                        wrong("it wants a password").help("tags are read without credentials")
                    );
                }
                404 => return Err(wrong("it has no such image").help("check its name")),
                status => return Err(wrong(&format!("it answered {status}"))),
            }
            let list = json(&reply.bytes).ok_or_else(|| wrong("its answer is no JSON"))?;
            let names = list.get("tags").map(Node::items).unwrap_or_default();
            tags.extend(names.iter().filter_map(Node::text).map(str::to_owned));
            match reply.header("link").and_then(next_page) {
                Some(page) if page.starts_with('/') => next = format!("{base}{page}"),
                Some(page) if page.starts_with(&format!("{base}/")) => next = page.to_owned(),
                _ => return Ok(tags),
            }
        }
        Ok(tags)
    }

    /// Asks; once more, if the registry says that it is asked too often and when to come back.
    fn ask(&mut self, url: &str, token: Option<&str>) -> Result<Reply> {
        let reply = self.ask_once(url, token)?;
        let seconds = reply
            .header("retry-after")
            .and_then(|text| text.trim().parse().ok());
        let wait = Duration::from_secs(seconds.unwrap_or(1));
        if reply.status != 429 || wait > PATIENCE {
            return Ok(reply);
        }
        thread::sleep(wait);
        self.ask_once(url, token)
    }

    fn ask_once(&mut self, url: &str, token: Option<&str>) -> Result<Reply> {
        if let Some(last) = self.last {
            thread::sleep(PAUSE.saturating_sub(last.elapsed()));
        }
        self.last = Some(Instant::now());
        let authorization = token.map(|token| format!("Bearer {token}"));
        get(url, authorization.as_deref())
    }

    /// A token for everybody, if the registry names who gives one.
    fn token(&mut self, refused: &Reply) -> Result<Option<String>> {
        let Some(challenge) = refused.header("www-authenticate") else {
            return Ok(None);
        };
        let Some(rest) = challenge.strip_prefix("Bearer ") else {
            return Ok(None);
        };
        let part = |name: &str| {
            let mut parts = rest
                .split(',')
                .filter_map(|part| part.trim().split_once('='));
            let (_, value) = parts.find(|(key, _)| *key == name)?;
            Some(value.trim_matches('"'))
        };
        let Some(realm) = part("realm") else {
            return Ok(None);
        };
        let mut url = realm.to_owned();
        for (index, name) in ["service", "scope"].into_iter().enumerate() {
            if let Some(value) = part(name) {
                url.push(if index == 0 { '?' } else { '&' });
                url.push_str(&format!("{name}={value}"));
            }
        }
        let reply = self.ask(&url, None)?;
        let answer = json(&reply.bytes);
        let text = |name: &str| answer.as_ref()?.get(name)?.text().map(str::to_owned);
        Ok(text("token").or_else(|| text("access_token")))
    }
}

fn json(bytes: &[u8]) -> Option<Node> {
    json_or_config(bytes.trim_ascii(), SourceId::NONE).ok()
}

/// The address of the next page in a header `Link`: `</v2/…>; rel="next"`.
fn next_page(link: &str) -> Option<&str> {
    let (address, rest) = link.strip_prefix('<')?.split_once('>')?;
    rest.contains("next").then_some(address)
}
