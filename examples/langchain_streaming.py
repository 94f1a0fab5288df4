"""Stream from a language model with LangChain, in every way that its Runnables have.

    pip install langchain-openai
    export PLAYGROUND_URL=http://127.0.0.1:8000/v1 PLAYGROUND_API_KEY=spg_… PLAYGROUND_MODEL=sim/sim-n64-r50
    python langchain_streaming.py

The code is what one writes for OpenAI; only `base_url`, `api_key` and `model` lead to the playground instead.
"""

import asyncio
import os

from langchain_openai import OpenAI

llm = OpenAI(
    base_url=os.environ["PLAYGROUND_URL"],
    api_key=os.environ["PLAYGROUND_API_KEY"],
    model=os.environ["PLAYGROUND_MODEL"],
    temperature=0,
    max_tokens=512,
)
PROMPT = "Write me a 1 verse song about sparkling water."


def stream() -> None:
    """Sync: token by token, with `|` in between."""
    for chunk in llm.stream(PROMPT):
        print(chunk, end="|", flush=True)
    print()


async def astream() -> None:
    """The same, async."""
    async for chunk in llm.astream(PROMPT):
        print(chunk, end="|", flush=True)
    print()


async def first_events(count: int = 5) -> None:
    """What happens inside, as events: useful for larger applications, with several steps."""
    shown = 0
    async for event in llm.astream_events("Write me a 1 verse song about goldfish on the moon", version="v2"):
        print(event)
        shown += 1
        if shown == count:
            print("...Truncated")
            break


async def character_by_character(prompt: str) -> str:
    """The whole text, printed as it comes: one character at a time, with its line breaks."""
    text = ""
    async for event in llm.astream_events(prompt, version="v2"):
        match event["event"]:
            case "on_llm_start":
                print("Generating …")
            case "on_llm_stream":
                for character in event["data"]["chunk"]:
                    text += character
                    print(character, end="", flush=True)
            case "on_llm_end":
                print("\nDone.")
    return text


def whole() -> None:
    """In one piece, and several at once."""
    print(llm.invoke(PROMPT))
    for answer in llm.batch(["A goldfish?", "The moon?"]):
        print(answer)


async def main() -> None:
    await astream()
    await first_events()
    result = await character_by_character("写一首关于月亮上的金鱼的诗")
    print("The final result:", result, sep="\n")
    for answer in await llm.abatch(["A goldfish?", "The moon?"]):
        print(answer)


if __name__ == "__main__":
    stream()
    whole()
    asyncio.run(main())
