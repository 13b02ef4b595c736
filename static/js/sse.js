// Reads server-sent events from the body of a fetch response, as the standard describes them
// (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
// EventSource cannot be used: it only sends GET.

/** Yields {event, data} for each event; data is text. Ends when the stream ends. */
export async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let name = "";
  let lines = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += value;
      // A lone CR at the end of a piece may be half of a CRLF.
      const held = rest.endsWith("\r") ? 1 : 0;
      const parts = rest.slice(0, rest.length - held).split(/\r\n|\n|\r/);
      rest = parts.pop() + rest.slice(rest.length - held);
      for (const line of parts) {
        if (line === "") {
          if (lines.length) yield { event: name || "message", data: lines.join("\n") };
          name = "";
          lines = [];
          continue;
        }
        const colon = line.indexOf(":");
        const field = colon < 0 ? line : line.slice(0, colon);
        const text = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
        if (field === "event") name = text;
        else if (field === "data") lines.push(text);
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
