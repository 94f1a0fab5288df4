"""What the simulator writes: short passages in English and Chinese, with the marks that streams get wrong.

Each has several paragraphs. Between them they hold headings, lists, tables, fenced code, bold text, a link, emoji made
of several code points (skin tones, flags, families joined by ZWJ), accents and characters outside the BMP.
"""

from typing import Final

ENGLISH: Final[tuple[str, ...]] = (
    """\
Sparkling water, oh so clear,
Bubbles dancing, without fear.
Refreshing taste, a pure delight,
A glass of stars against the night. ✨

# Why it sparkles

The bubbles are **carbon dioxide**, pressed into cold water and set free when the bottle opens:

1. Pressure holds the gas in the water.
2. The cap comes off, and the pressure falls.
3. Tiny scratches in the glass give each bubble a place to start.

| water   | °C | bubbles |
|---------|----|---------|
| fridge  | 4  | many 🫧 |
| room    | 21 | fewer   |
| kettle  | 96 | none    |

Drink it slowly. It was made in a hurry, but it does not mind waiting. 🥂
""",
    """\
A goldfish drifts on silver sand,
Where Earth hangs blue above the land.
One helmet, round as any bowl,
One bubble, rising, calm and whole. 🐠🌕

## Notes for the crew

The crew today is 👩‍🚀, 👨🏽‍🚀 and one very small 🐟. Please remember:

- *feed it* before the long burn, not after;
- keep the lamp below **40 %**;
- write down every somersault, even the clumsy ones.

The log is kept as one JSON object a line:

```json
{"t": 0.0, "event": "launch", "mood": "brave"}
{"t": 512.25, "event": "somersault", "count": 3, "note": "naïve, but élégant"}
```

Nobody heard a splash, since there was no air to carry it. That is the moon for you. 🌑
""",
    """\
### Reading a stream, one line at a time

A stream is only bytes with a promise: *more will come, until I say so*. The reader's work is to believe the
promise and to notice when it is broken.

```python
async def read(stream):
    text = ""
    async for chunk in stream:
        text += chunk.delta or ""
        print(chunk.delta, end="|", flush=True)
    return text
```

Three things go wrong in practice:

* a character such as `é` or 🦊 is cut in half between two reads;
* the connection closes **before** the end was announced;
* a proxy holds everything back and delivers it at once.

None of them is rare. Count what you received, keep the time of each piece, and say so when the end is missing.

> "It worked on my machine" is a statement about the machine.

See [the table of frames](https://example.com/frames) for the details. 👨‍👩‍👧‍👦
""",
    """\
# A small week of weather

Monday was grey and Tuesday greyer; on Wednesday the wind turned and took three hats, one umbrella ☂️ and the roof of
a hen house with it. The hens were unhurt, and rather proud.

| day | sky | wind | note |
|-----|-----|------|------|
| Mon | ☁️ | 2 Bft | nothing |
| Tue | 🌧️ | 4 Bft | less than nothing |
| Wed | 🌪️ | 9 Bft | **hats** |
| Thu | ⛅ | 3 Bft | one rainbow 🏳️‍🌈 |

Then it cleared. By Friday people sat outside with their sleeves rolled up, said that it could not last, and were
right.

```sh
$ weather --week | sort -k3 -nr | head -1
Wed  storm  9
```

The forecast for the weekend is *mostly certain*. Bring a coat.
""",
)

CHINESE: Final[tuple[str, ...]] = (
    """\
月亮上的金鱼，
游过银色的沙地。
头盔圆圆，像一只小缸，
装着一口地球的空气。🐠🌕

## 它在想什么

也许它想起了**北京**的胡同，想起夏天的雨，想起有人在窗边轻轻唱歌。它只有七秒的记忆，可是每七秒，月亮都是新的。

- 第一秒：看见自己的影子；
- 第三秒：看见地球，蓝得不像真的；
- 第七秒：忘了，于是又惊讶了一次。

👩‍🚀 说：“别怕，我带了鱼食。”金鱼转了一圈，吐出一个泡泡，泡泡慢慢地、慢慢地，不知道该往哪里升。
""",
    """\
# 气泡水之歌

气泡轻轻升起，像夏夜的星，
一杯清凉，唤醒午后的风。
没有糖，也没有秘密，
只有一点点，跳舞的勇气。✨

气泡来自**二氧化碳**：瓶盖拧开的一瞬间，压力消失，它们就自由了。

| 温度 | 气泡 | 口感 |
|------|------|------|
| 4 ℃  | 很多 🫧 | 清爽 |
| 21 ℃ | 较少 | 柔和 |
| 60 ℃ | 没有 | 不推荐 |

慢慢喝，别着急。它是匆忙做出来的，但是它愿意等你。🥂
""",
    """\
### 逐字输出的小程序

下面的函数一边接收，一边逐个字符地打印；遇到换行就另起一行。

```python
async def 生成(模型, 提示词):
    全文 = ""
    async for 片段 in 模型.astream(提示词):
        全文 += 片段
        for 字 in 片段:
            print(字, end="" if 字 != "\\n" else "\\n", flush=True)
    return 全文
```

注意三件事：

1. 一个汉字占三个字节，可能被切成两半；
2. 一个表情（例如 👨‍👩‍👧‍👦 或 🇨🇳）由好几个码点组成，不能从中间断开；
3. 没有收到结束标记，就**不算**完成。

把每一段的时间记下来，慢在哪里，一看便知。生僻字也要认得：𠮷、龘、㐂。
""",
    """\
## 山中一日

清晨，雾从谷底升上来，先淹没了石阶，再淹没了松树，最后只剩下一座小亭子，像一条船。🏔️

老人烧水，孩子扫叶。水开的时候，雾也散了，太阳照在茶碗里，碗里有一片小小的天。

> 行到水穷处，坐看云起时。

* 上午：读书，读到“明月松间照”；
* 中午：一碗面，两颗青菜，加一个鸡蛋🍳；
* 下午：下雨了，于是什么也不做。

傍晚下山，回头再看，亭子又成了一条船，*静静地*，停在云上。
""",
)
