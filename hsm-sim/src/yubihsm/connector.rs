//! The connector: HTTP on a loopback address, as Yubico's `yubihsm-connector` speaks it.

use super::room::{Delivery, Room};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

/// Messages are this long at least: a code and a length.
const SHORTEST: usize = 3;
/// And at most: what a device takes, and three bytes more.
const LONGEST: usize = 2048 + 3;
/// A body that is too long is read to its end all the same, up to this length: a client that still
/// writes would not see the answer otherwise.
const PATIENCE: usize = 1024 * 1024;
/// The longest head of a request.
const LONGEST_HEAD: usize = 16 * 1024;
/// The version of the connector this one is like.
const VERSION: &str = "3.0.5";

/// Serves connections as long as the program runs.
pub fn serve(listener: &TcpListener, room: &Arc<Room>) {
    for stream in listener.incoming() {
        // A connection that failed before it began concerns only its client.
        let (Ok(stream), room) = (stream, Arc::clone(room)) else {
            continue;
        };
        // A connection that breaks off concerns only itself.
        std::thread::spawn(move || drop(accepted(stream, &room)));
    }
}

fn accepted(mut stream: TcpStream, room: &Room) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let address = stream.local_addr()?;
    converse(&mut stream, address, room)
}

/// A request, as much of it as matters.
#[derive(Debug, PartialEq, Eq)]
struct Request {
    method: String,
    path: String,
    /// Absent when the request does not say.
    length: Option<usize>,
    keep_alive: bool,
    /// Whether the client waits for permission to send the body.
    asks_first: bool,
    /// How many bytes of the buffer were its head.
    head: usize,
}

/// What a head of a request can be.
#[derive(Debug, PartialEq, Eq)]
enum Head {
    Whole(Request),
    Unfinished,
    Nonsense,
}

fn parse(bytes: &[u8]) -> Head {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut headers);
    let head = match request.parse(bytes) {
        Ok(httparse::Status::Complete(head)) => head,
        Ok(httparse::Status::Partial) if bytes.len() < LONGEST_HEAD => return Head::Unfinished,
        _ => return Head::Nonsense,
    };
    let mut length = None;
    let mut keep_alive = request.version == Some(1);
    let mut asks_first = false;
    for header in request.headers.iter() {
        let value = String::from_utf8_lossy(header.value);
        let value = value.trim();
        if header.name.eq_ignore_ascii_case("content-length") {
            // Two lengths, or none that is a number: nobody knows where this request ends.
            match (length, value.parse()) {
                (None, Ok(number)) => length = Some(number),
                _ => return Head::Nonsense,
            }
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            return Head::Nonsense;
        } else if header.name.eq_ignore_ascii_case("expect") {
            asks_first = value.eq_ignore_ascii_case("100-continue");
        } else if header.name.eq_ignore_ascii_case("connection") {
            keep_alive = match value.to_ascii_lowercase().as_str() {
                "close" => false,
                "keep-alive" => true,
                _ => keep_alive,
            };
        }
    }
    Head::Whole(Request {
        method: request.method.unwrap_or_default().to_owned(),
        path: request.path.unwrap_or_default().to_owned(),
        length,
        keep_alive,
        asks_first,
        head,
    })
}

/// Answers the requests of one connection to this address until it ends.
///
/// # Errors
/// When the connection breaks off.
pub fn converse(
    stream: &mut (impl Read + Write),
    address: SocketAddr,
    room: &Room,
) -> io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let request = match parse(&buffer) {
            Head::Whole(request) => request,
            Head::Nonsense => return respond(stream, BAD_REQUEST, false),
            Head::Unfinished => {
                if read_more(stream, &mut buffer)? == 0 {
                    return Ok(());
                }
                continue;
            }
        };
        let length = request.length.unwrap_or(0);
        if length > PATIENCE {
            return respond(stream, BAD_REQUEST, false);
        }
        let end = request.head + length;
        if request.asks_first && buffer.len() < end {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        while buffer.len() < end {
            if read_more(stream, &mut buffer)? == 0 {
                return Ok(());
            }
        }
        let body: Vec<u8> = buffer.drain(..end).skip(request.head).collect();
        let Some(response) = answer(&request, &body, room, address) else {
            return Ok(());
        };
        respond(stream, response, request.keep_alive)?;
        if !request.keep_alive {
            return Ok(());
        }
    }
}

fn read_more(stream: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let mut more = [0; 4096];
    let count = stream.read(&mut more)?;
    buffer.extend(more.iter().take(count));
    Ok(count)
}

struct Response {
    status: &'static str,
    kind: &'static str,
    /// The method that would have been right.
    allow: Option<&'static str>,
    body: Vec<u8>,
}

const TEXT: &str = "text/plain; charset=utf-8";

/// A response that is an error, whose text is the status without its number.
const fn error(status: &'static str, allow: Option<&'static str>) -> Response {
    Response {
        status,
        kind: TEXT,
        allow,
        body: Vec::new(),
    }
}

const BAD_REQUEST: Response = error("400 Bad Request", None);

/// The response to a request; `None` when the connection breaks off instead.
fn answer(request: &Request, body: &[u8], room: &Room, address: SocketAddr) -> Option<Response> {
    let path = request.path.split('?').next().unwrap_or_default();
    Some(match (path, request.method.as_str()) {
        ("/connector/status", "GET") => Response {
            status: "200 OK",
            kind: TEXT,
            allow: None,
            body: status(room, address).into_bytes(),
        },
        ("/connector/status", _) => error("405 Method Not Allowed", Some("GET")),
        ("/connector/api", "POST") if !(SHORTEST..=LONGEST).contains(&body.len()) => BAD_REQUEST,
        ("/connector/api", "POST") => match room.transmit(body) {
            Delivery::Answer(body) => Response {
                status: "200 OK",
                kind: "application/octet-stream",
                allow: None,
                body,
            },
            Delivery::NoDevice => error("500 Internal Server Error", None),
            Delivery::Broken => return None,
        },
        ("/connector/api", _) => error("405 Method Not Allowed", Some("POST")),
        _ => error("404 Not Found", None),
    })
}

fn status(room: &Room, address: SocketAddr) -> String {
    let status = if room.has_device() { "OK" } else { "NO_DEVICE" };
    format!(
        "status={status}\nserial=*\nversion={VERSION}\npid={}\naddress={}\nport={}\n",
        std::process::id(),
        address.ip(),
        address.port()
    )
}

/// Head and body go out in one write: there are clients that expect to read them at once.
fn respond(stream: &mut impl Write, response: Response, keep_alive: bool) -> io::Result<()> {
    let body = if response.body.is_empty() && !response.status.starts_with("200") {
        let text = response.status.split_once(' ').map_or("", |(_, text)| text);
        format!("{text}\n").into_bytes()
    } else {
        response.body
    };
    let mut head = format!(
        "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n",
        response.status,
        response.kind,
        body.len()
    );
    if let Some(allow) = response.allow {
        head.push_str(&format!("Allow: {allow}\r\n"));
    }
    if !keep_alive {
        head.push_str("Connection: close\r\n");
    }
    head.push_str("\r\n");
    stream.write_all(&[head.as_bytes(), &body].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_request_whose_end_nobody_knows_is_nonsense() {
        for head in [
            "POST /connector/api HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
            "POST /connector/api HTTP/1.1\r\nContent-Length: three\r\n\r\n",
            "POST /connector/api HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "\0\0\0\r\n\r\n",
        ] {
            assert_eq!(parse(head.as_bytes()), Head::Nonsense, "{head}");
        }
        assert_eq!(parse(b"POST /connector"), Head::Unfinished);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }
    }
}
