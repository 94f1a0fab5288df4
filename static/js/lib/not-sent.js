/** Why a prompt was not sent, as its composer says it. What is typed stays. */
import { refusal } from "./refusal.js";
import { text } from "./texts.js";

export class NotSent {
  #composer;

  constructor(composer) {
    this.#composer = composer;
  }

  say(message) {
    const place = this.#composer.querySelector("[data-not-sent]");
    place.textContent = message;
    place.hidden = message === "";
  }

  /** What was answered is no composer: the server's refusal, or what stands in its place. */
  answered(ctx) {
    const { status } = ctx.response;
    if (status === 401) this.signedOut("not-sent.signed-out");
    else if (status === 403 && !ctx.hx.trigger) this.say(text("not-sent.signed-out"));
    else this.say(text("not-sent.because", { why: refusal(ctx) }));
    delete ctx.hx.trigger; // said here, so not once more in a toast
  }

  signedOut(key) {
    const notice = this.#composer.querySelector("[data-signed-out]");
    const link = notice.querySelector("a");
    notice.querySelector("[data-why]").textContent = text(key);
    link.search = new URLSearchParams({ next: location.pathname });
    notice.hidden = false;
  }

  /** It is so no more: also what the server said, in the composer that it sent back. */
  forget() {
    this.say("");
    for (const refused of this.#composer.querySelectorAll("[data-refused]")) refused.remove();
  }
}
