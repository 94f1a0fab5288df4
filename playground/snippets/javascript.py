"""JavaScript without a library: Node.js from 18 on, as an ES module."""

from playground.snippets.ask import Ask
from playground.snippets.literals import javascript


def ask(given: Ask) -> str:
    return f"""\
const response = await fetch({javascript(given.base_url + "/chat/completions")}, {{
  method: "POST",
  headers: {{
    "authorization": `Bearer ${{process.env.{given.key}}}`,
    "content-type": "application/json",
  }},
  body: JSON.stringify({javascript(given.body, 1)}),
}});
if (!response.ok) {{
  throw new Error(`${{response.status}}: ${{await response.text()}}`);
}}
let rest = "";
for await (const text of response.body.pipeThrough(new TextDecoderStream())) {{
  const lines = (rest + text).split(/\\r\\n|\\n|\\r/);
  rest = lines.pop();
  for (const line of lines) {{
    if (!line.startsWith("data:") || line.includes("[DONE]")) continue;
    const chunk = JSON.parse(line.slice(5));
    if (chunk.error) throw new Error(chunk.error.message);
    process.stdout.write(chunk.choices[0]?.delta?.content ?? "");
  }}
}}
process.stdout.write("\\n");
"""
