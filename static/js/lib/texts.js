/** Translated texts, which the server renders into `<template id="texts">`; `{name}` stands for a value. */
let texts = null;

function load() {
  const template = document.getElementById("texts");
  const entries = template ? [...template.content.querySelectorAll("[data-key]")] : [];
  return new Map(entries.map((entry) => [entry.dataset.key, entry.textContent]));
}

export function text(key, values = {}, otherwise = key) {
  texts ??= load();
  return (texts.get(key) ?? otherwise).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
