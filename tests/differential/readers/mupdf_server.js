// Reads the path of a file from each line, draws its pages into the folder given, and answers with their count.
var folder = scriptArgs[0];
var MAX_PAGES = 8;

function draw(path) {
	var file = new Document(path);
	var count = Math.min(file.countPages(), MAX_PAGES);
	for (var number = 0; number < count; ++number) {
		var picture = file.loadPage(number).toPixmap(Identity, DeviceRGB, false, false);
		picture.saveAsPNG(folder + "/page-" + number + ".png");
	}
	return "pages " + count;
}

for (;;) {
	var path = readline();
	var answer;
	try {
		answer = draw(path);
	} catch (problem) {
		answer = "refused: " + String(problem).replace(/\s+/g, " ");
	}
	print(answer);
	gc();
}
