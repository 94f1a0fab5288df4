/** What is longer than its place on the stage: it fades where there is more, and the presenter scrolls it by keys. */
const STEP = 0.5; // of what is seen
const ROUNDING_PX = 2;

function below(scroller) {
  return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight > ROUNDING_PX;
}

/** Call once for each scroller, and the function that is returned after its content changed. */
export function markEdges(scroller) {
  const mark = () => {
    scroller.toggleAttribute("data-above", scroller.scrollTop > ROUNDING_PX);
    scroller.toggleAttribute("data-below", below(scroller));
  };
  scroller.addEventListener("scroll", mark, { passive: true });
  return mark;
}

function scroll(scrollers, direction) {
  const able = scrollers.filter((each) => (direction > 0 ? below(each) : each.scrollTop > 0));
  for (const each of able) each.scrollBy({ top: direction * STEP * each.clientHeight });
  return able.length > 0;
}

/** Down: the whole stage, its prompt, then all its answers; up the other way round. */
export function scrollStage(direction) {
  const parts = [".stage__show", ".stage__prompt", ".stage-lane__answer"];
  if (direction < 0) parts.reverse();
  parts.some((part) => scroll([...document.querySelectorAll(part)], direction));
}
