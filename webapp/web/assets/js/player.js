/* The recording's player and its transcript: a sentence, a word or a quote plays from its second. */
import { text, typing } from "./texts.js";

const SPEEDS = [1, 1.25, 1.5, 2, 0.75];
const STEP_SECONDS = 5;

const audioOf = (player) => player.querySelector("audio");

/** Seconds as m:ss or h:mm:ss. */
function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  const tail = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** The player that an element means: the named one, the one around it, or the first of the page. */
function playerFor(element) {
  const id = element.closest("[data-player-id]")?.dataset.playerId;
  return (id && document.getElementById(id)) || element.closest("[data-player]") || document.querySelector("[data-player]");
}

/** Play from a second, and show the sentence that is said there. */
function playFrom(player, seconds) {
  const audio = audioOf(player);
  const start = () => {
    audio.currentTime = Math.max(0, seconds);
    audio.play().catch(() => fail(player));
  };
  if (audio.readyState >= HTMLMediaElement.HAVE_METADATA) start();
  else {
    audio.addEventListener("loadedmetadata", start, { once: true });
    audio.load();
  }
}

function fail(player) {
  const note = player.querySelector(".player-error");
  note.textContent = text("audio_failed");
  note.hidden = false;
}

/** The last of the marked elements whose start has passed; they stand in time order. */
function at(list, seconds, key) {
  let low = 0;
  let high = list.length - 1;
  let found = null;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (Number(list[middle].dataset[key]) <= seconds + 0.02) {
      found = list[middle];
      low = middle + 1;
    } else high = middle - 1;
  }
  return found;
}

function mark(transcript, selector, element) {
  const now = transcript.querySelector(`${selector}.now`);
  if (now === element) return false;
  now?.classList.remove("now");
  element?.classList.add("now");
  return true;
}

function follow(player) {
  const audio = audioOf(player);
  const seconds = audio.currentTime;
  player.querySelector("[data-now]").textContent = clock(seconds);
  const seek = player.querySelector(".player-seek");
  if (document.activeElement !== seek || !player.dataset.dragging) seek.value = seconds;
  seek.setAttribute("aria-valuetext", clock(seconds));
  for (const transcript of document.querySelectorAll(`.transcript[data-player-id="${player.id}"]`)) {
    const segment = at(transcript.querySelectorAll("[data-start]"), seconds, "start");
    const changed = mark(transcript, ".seg", segment);
    mark(transcript, ".w", segment && at(segment.querySelectorAll("[data-s]"), seconds, "s"));
    if (changed && segment && player.hasAttribute("data-playing")) reveal(transcript, segment);
  }
}

/** Scroll the transcript alone, never the page. */
function reveal(transcript, segment) {
  if (transcript.scrollHeight <= transcript.clientHeight) return;
  const top = segment.offsetTop - transcript.offsetTop;
  const above = top < transcript.scrollTop;
  const below = top + segment.offsetHeight > transcript.scrollTop + transcript.clientHeight - 40;
  if (above || below) transcript.scrollTop = top - transcript.clientHeight / 3;
}

function wire(player) {
  if (player.dataset.wired) return;
  player.dataset.wired = "yes";
  const audio = audioOf(player);
  const seek = player.querySelector(".player-seek");
  const toggle = player.querySelector(".player-toggle");
  audio.addEventListener("loadedmetadata", () => {
    if (!Number.isFinite(audio.duration)) return;
    seek.max = audio.duration;
    player.querySelector("[data-total]").textContent = clock(audio.duration);
  });
  audio.addEventListener("timeupdate", () => follow(player));
  audio.addEventListener("error", () => fail(player));
  audio.addEventListener("play", () => {
    player.setAttribute("data-playing", "");
    toggle.setAttribute("aria-label", text("pause"));
    for (const other of document.querySelectorAll("[data-player]")) if (other !== player) audioOf(other).pause();
  });
  audio.addEventListener("pause", () => {
    player.removeAttribute("data-playing");
    toggle.setAttribute("aria-label", text("play"));
  });
  seek.addEventListener("input", () => {
    audio.currentTime = Number(seek.value);
    follow(player);
  });
  const asked = Number(new URLSearchParams(location.search).get("t"));
  if (asked > 0) showAt(player, asked);
}

/** A link with ?t=42 shows the sentence at second 42 and puts the player there, without noise. */
function showAt(player, seconds) {
  const audio = audioOf(player);
  const place = () => {
    audio.currentTime = seconds;
    follow(player);
  };
  if (audio.readyState >= HTMLMediaElement.HAVE_METADATA) place();
  else audio.addEventListener("loadedmetadata", place, { once: true });
  const transcript = document.querySelector(`.transcript[data-player-id="${player.id}"]`);
  const segment = transcript && at(transcript.querySelectorAll("[data-start]"), seconds, "start");
  if (!segment) return;
  reveal(transcript, segment);
  segment.classList.add("flash");
}

function toggle(player) {
  const audio = audioOf(player);
  if (audio.paused) audio.play().catch(() => fail(player));
  else audio.pause();
}

function changeSpeed(player, button) {
  const audio = audioOf(player);
  const next = SPEEDS[(SPEEDS.indexOf(audio.playbackRate) + 1) % SPEEDS.length];
  audio.playbackRate = next;
  button.textContent = `${next}×`;
}

document.addEventListener("click", (event) => {
  const speed = event.target.closest(".player-speed");
  if (speed) return void changeSpeed(playerFor(speed), speed);
  const button = event.target.closest(".player-toggle");
  if (button) return void toggle(playerFor(button));
  const source = event.target.closest("[data-play-at], .transcript [data-s], .transcript [data-start]");
  if (!source || (source.matches("[data-start]") && String(getSelection()))) return undefined;
  const player = playerFor(source);
  if (!player) return undefined; // a plain link: the recording is on another page
  event.preventDefault();
  return void playFrom(player, Number(source.dataset.playAt ?? source.dataset.s ?? source.dataset.start));
});

document.addEventListener("keydown", (event) => {
  if (typing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]")) return;
  const player = playerFor(event.target === document.body ? document.body : event.target);
  if (!player) return;
  const audio = audioOf(player);
  const free = !event.target.closest("button, a, summary, [role='tab']");
  if (event.key === " " && free) toggle(player);
  else if (event.key === "ArrowLeft") audio.currentTime = Math.max(0, audio.currentTime - STEP_SECONDS);
  else if (event.key === "ArrowRight") audio.currentTime = Math.min(audio.duration || 0, audio.currentTime + STEP_SECONDS);
  else return;
  event.preventDefault();
  follow(player);
});

function wireAll(root) {
  if (root.matches?.("[data-player]")) wire(root);
  for (const player of root.querySelectorAll?.("[data-player]") ?? []) wire(player);
}
wireAll(document);
document.addEventListener("htmx:load", (event) => wireAll(event.target));
