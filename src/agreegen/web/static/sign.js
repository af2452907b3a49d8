"use strict";
// From reading to signing. The key is made here, cannot be exported, signs twice and is forgotten with the page.
(() => {
  const flow = document.getElementById("flow");
  const part = (id) => document.getElementById(id);
  const token = document.querySelector('meta[name="csrf"]').content;
  const problems = JSON.parse(flow.dataset.problems);
  const CURVE = { name: "ECDSA", namedCurve: "P-256" };
  const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };

  class Problem extends Error {}

  const encode = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));
  const decode = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));

  const send = async (step, fields) => {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) {
      body.append(name, value);
    }
    const answer = await fetch(`${flow.dataset.base}/${step}`, { method: "POST", body, headers: { "X-CSRF-Token": token } });
    if (answer.ok) {
      return answer.json();
    }
    const told = answer.headers.get("content-type")?.startsWith("application/json") ? await answer.json() : {};
    throw new Problem(told.problem || (answer.status === 403 ? "refused" : "again"));
  };

  const tell = (code) => {
    const line = document.createElement("p");
    line.className = "note bad";
    line.textContent = problems[code] || problems.again;
    part("trouble").replaceChildren(line);
    line.scrollIntoView({ block: "center" });
  };

  const step = (from, to) => {
    part(from).removeAttribute("aria-current");
    part(from).className = "done";
    part(to).setAttribute("aria-current", "step");
  };

  // 1. Every page is read to its end.
  const leaves = [...document.querySelectorAll(".leaf figcaption")];
  const unread = new Set(leaves);
  const allRead = () => {
    part("agreed").disabled = false;
    part("unread").textContent = "";
    step("step-read", "step-agree");
  };
  const reader = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const picture = entry.target.parentElement.querySelector("img");
      if (entry.isIntersecting && picture.complete && picture.naturalWidth && unread.delete(entry.target)) {
        reader.unobserve(entry.target);
      }
    }
    if (!unread.size && part("agreed").disabled && !part("agree").hidden) {
      allRead();
    }
  });
  const read = () => leaves.forEach((leaf) => { reader.unobserve(leaf); if (unread.has(leaf)) { reader.observe(leaf); } });
  for (const picture of document.querySelectorAll(".leaf img")) {
    picture.addEventListener("load", read);
  }
  read();

  // 2. The person agrees.
  part("agreed").addEventListener("change", () => { part("go-on").disabled = !part("agreed").checked; });
  part("go-on").addEventListener("click", async () => {
    part("go-on").disabled = true;
    try {
      await send("consent", { version: part("go-on").dataset.version });
    } catch (problem) {
      part("go-on").disabled = false;
      tell(problem instanceof Problem ? problem.message : "network");
      return;
    }
    part("trouble").replaceChildren();
    part("agree").hidden = true;
    part("pad-part").hidden = false;
    step("step-agree", "step-sign");
    part("pad-part").scrollIntoView({ block: "end" });
    pad.fit();
  });

  // 3. The person signs by hand, and the device with a key of its own.
  const pad = new Pad(part("pad"), (isSignature) => { part("done").disabled = !isSignature; });
  part("clear").addEventListener("click", () => pad.clear());

  const signWithOwnKey = async () => {
    const pair = await crypto.subtle.generateKey(CURVE, false, ["sign"]);
    const sign = async (text) => encode(await crypto.subtle.sign(SIGNATURE, pair.privateKey, decode(text)));
    const key = encode(await crypto.subtle.exportKey("spki", pair.publicKey));
    const { request } = await send("key", { key });
    const drawn = { drawing: pad.toJson(), pointer: pad.pointer };
    const { attributes } = await send("prepare", { key, proof: await sign(request), ...drawn });
    return send("finish", { signature: await sign(attributes) });
  };

  part("done").addEventListener("click", async () => {
    if (!globalThis.crypto?.subtle) {
      tell("insecure");
      return;
    }
    part("done").disabled = true;
    part("clear").disabled = true;
    part("busy").textContent = part("busy").dataset.words;
    try {
      const { next } = await signWithOwnKey();
      location.replace(next);
    } catch (problem) {
      tell(problem instanceof Problem ? problem.message : "network");
      part("busy").textContent = "";
      part("clear").disabled = false;
      part("done").disabled = !pad.isSignature();
    }
  });
})();
