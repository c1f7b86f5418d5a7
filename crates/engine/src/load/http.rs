//! Fetches files over HTTP.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use kustom_yaml::error::{Error, Kind};
use ureq::http::{HeaderMap, StatusCode};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};

use super::url::{limit_of, shown_url};

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(15);

/// How long a server may be silent.
const SILENCE: Duration = Duration::from_secs(30);

/// The largest file that is read.
const LARGEST: u64 = 64 << 20;

/// How rustls begins what it says of a certificate.
const UNTRUSTED: &str = "invalid peer certificate:";

/// An answer of a server.
pub(super) struct Answer {
    /// The bytes.
    pub(super) bytes: Vec<u8>,
    /// Whether they are a page for people: no manifest starts like that.
    pub(super) is_page: bool,
}

/// Asks for what is at a URL.
pub(super) fn fetch(url: &str) -> Result<Answer, Error> {
    ask(url)?.map_err(|error| *error)
}

/// Asks for what is at a URL, if anything is.
pub(super) fn find(url: &str) -> Result<Option<Answer>, Error> {
    Ok(ask(url)?.ok())
}

/// The answer of a server; one that says that nothing is there is an error.
fn ask(url: &str) -> Result<Result<Answer, Box<Error>>, Error> {
    let cannot = |why: &str| {
        Error::new(
            Kind::Load,
            format!("cannot read `{}`: {why}", shown_url(url)),
        )
    };
    // A space is the one character that URLs in use have and should not.
    let escaped = url.replace(' ', "%20");
    let mut response = agent(url)
        .get(&escaped)
        .call()
        .map_err(|cause| cannot(&why(&cause)).caused_by(cause))?;
    let status = response.status();
    if !status.is_success() {
        let error = refused(status, cannot(&format!("the server answered {status}")));
        return match status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(Err(Box::new(error))),
            _ => Err(error),
        };
    }
    let is_html = response.body().mime_type() == Some("text/html");
    let bytes = read(response.body_mut()).map_err(|cause| cannot(&why(&cause)).caused_by(cause))?;
    let is_page = is_html && bytes.trim_ascii_start().starts_with(b"<");
    Ok(Ok(Answer { bytes, is_page }))
}

/// The answer of a server with any status.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) bytes: Vec<u8>,
    headers: HeaderMap,
}

impl Reply {
    /// The text of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Asks for what is at a URL, with a header `Authorization` if there is something for it.
pub(super) fn get(url: &str, authorization: Option<&str>) -> Result<Reply, Error> {
    let cannot = |cause: ureq::Error| {
        let message = format!("cannot read `{}`: {}", shown_url(url), why(&cause));
        Error::new(Kind::Load, message).caused_by(cause)
    };
    let mut request = agent(url).get(url);
    if let Some(authorization) = authorization {
        request = request.header("Authorization", authorization);
    }
    let mut response = request.call().map_err(cannot)?;
    Ok(Reply {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        bytes: read(response.body_mut()).map_err(cannot)?,
    })
}

fn read(body: &mut Body) -> Result<Vec<u8>, ureq::Error> {
    body.with_config().limit(LARGEST).read_to_vec()
}

/// A client for one URL: certificates are judged as the system judges them, and the proxies of the
/// environment are used, but not for this machine itself.
fn agent(url: &str) -> Agent {
    let roots = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .build();
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .tls_config(roots)
        .timeout_connect(Some(CONNECT))
        .timeout_per_read(Some(SILENCE))
        .timeout_global(limit_of(url));
    let config = if is_local(url) {
        config.proxy(None)
    } else {
        config
    };
    config.build().new_agent()
}

/// Whether a URL leads to this machine.
fn is_local(url: &str) -> bool {
    let authority = url.split('/').nth(2).unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let address = host.parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    host.eq_ignore_ascii_case("localhost") || address.is_loopback()
}

fn why(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "the server took too long".to_owned(),
        ureq::Error::HostNotFound => "there is no such host".to_owned(),
        ureq::Error::TooManyRedirects => "the server sends us on and on".to_owned(),
        ureq::Error::BodyExceedsLimit(_) => format!("it is larger than {} MiB", LARGEST >> 20),
        ureq::Error::Io(cause) => match cause.kind() {
            std::io::ErrorKind::ConnectionRefused => "nobody answers there".to_owned(),
            std::io::ErrorKind::TimedOut => "the server took too long".to_owned(),
            _ if cause.to_string().contains(UNTRUSTED) => {
                let words = cause.to_string();
                let reason = words.rsplit(UNTRUSTED).next().unwrap_or_default().trim();
                format!("the system does not trust its certificate ({reason})")
            }
            _ if cause.to_string().contains("lookup") => "there is no such host".to_owned(),
            _ => cause.to_string(),
        },
        other => other.to_string(),
    }
}

fn refused(status: StatusCode, error: Error) -> Error {
    match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => error.help("check the address"),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            error.help("files are read without credentials; a repository is read with git's own")
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_server_is_said_in_words() {
        let io = |words: &str| why(&ureq::Error::Io(std::io::Error::other(words.to_owned())));
        assert_eq!(
            io("invalid peer certificate: UnknownIssuer"),
            "the system does not trust its certificate (UnknownIssuer)"
        );
        assert_eq!(
            io("failed to lookup address information"),
            "there is no such host"
        );
        assert_eq!(
            why(&ureq::Error::BodyExceedsLimit(LARGEST)),
            "it is larger than 64 MiB"
        );
    }

    #[test]
    fn this_machine_is_not_reached_through_a_proxy() {
        for local in [
            "http://localhost:80/x",
            "http://u:p@127.0.0.1/x",
            "http://[::1]:8080/x",
        ] {
            assert!(is_local(local), "{local}");
        }
        for far in [
            "http://example.com/127.0.0.1",
            "https://127.0.0.1.example.com/x",
            "http://",
        ] {
            assert!(!is_local(far), "{far}");
        }
    }
}
