// Defines show(): draws a file with pdf.js and tells its text and annotations. Run in an empty page.
(async () => {
	const lib = await import("HOME/build/pdf.min.mjs");
	globalThis.pdfjsWorker = await import("HOME/build/pdf.worker.min.mjs");
	const MAX_PAGES = 8;
	const settings = {
		verbosity: 0,
		useSystemFonts: false,
		standardFontDataUrl: "HOME/standard_fonts/",
		cMapUrl: "HOME/cmaps/",
		wasmUrl: "HOME/wasm/",
	};

	const toText = bytes => {
		let text = "";
		for (let at = 0; at < bytes.length; at += 32768) {
			text += String.fromCharCode(...bytes.subarray(at, at + 32768));
		}
		return btoa(text);
	};

	const HIDDEN = 2;
	const NO_VIEW = 32;

	// Whether an annotation can be seen where it says that it is; what paints elsewhere shows in the picture.
	const seen = (note, [left, bottom, right, top]) => {
		const [l, b, r, t] = note.rect ?? [0, 0, 0, 0];
		return !(note.annotationFlags & (HIDDEN | NO_VIEW)) && r > l && t > b && l < right && r > left && b < top && t > bottom;
	};

	const words = async (page, number) => {
		const found = [];
		for (const item of (await page.getTextContent()).items) {
			const [, , , , x, y] = item.transform;
			if (item.str) {
				found.push([number, "text " + JSON.stringify([item.str, item.transform]), [x, y, x, y]]);
			}
		}
		const notes = (await page.getAnnotations()).filter(one => seen(one, page.view));
		const told = new Set(notes.filter(one => one.subtype !== "Popup").map(one => one.contentsObj?.str));
		for (const note of notes) {
			if (!note.fieldValue && !note.url && !note.contentsObj?.str) {
				continue; // what it draws shows in the picture
			}
			if (note.subtype === "Popup" && told.has(note.contentsObj?.str)) {
				continue; // the window of a note, which tells the same and is compared
			}
			const own = [note.subtype, note.rect, note.fieldName, note.fieldValue, note.url, note.contentsObj?.str];
			found.push([number, "annotation " + JSON.stringify(own), note.rect]);
		}
		return found;
	};

	const draw = async (page, scale) => {
		const viewport = page.getViewport({ scale });
		const width = Math.max(1, Math.min(4000, Math.ceil(viewport.width)));
		const height = Math.max(1, Math.min(4000, Math.ceil(viewport.height)));
		const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
		await page.render({ canvas: null, canvasContext: context, viewport }).promise;
		return { width, height, picture: toText(context.getImageData(0, 0, width, height).data) };
	};

	globalThis.show = async (text, scale) => {
		const data = Uint8Array.from(atob(text), c => c.charCodeAt(0));
		const task = lib.getDocument({ data, ...settings });
		try {
			const file = await task.promise;
			const answer = { pages: [], words: [] };
			for (let number = 1; number <= Math.min(file.numPages, MAX_PAGES); number++) {
				const page = await file.getPage(number);
				answer.pages.push(await draw(page, scale));
				answer.words.push(...(await words(page, number - 1)));
			}
			return JSON.stringify(answer);
		} catch (problem) {
			return JSON.stringify({ problem: String(problem) });
		} finally {
			await task.destroy();
		}
	};
})()
