// Run by Rhino inside one JVM: reads one path a line, answers one line of JSON each.
Packages.org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider.initialise();
var flavour = Packages.org.verapdf.pdfa.flavours.PDFAFlavour.PDFA_3_B;
var foundry = Packages.org.verapdf.pdfa.Foundries.defaultInstance();
var input = new java.io.BufferedReader(new java.io.InputStreamReader(java.lang.System["in"], "UTF-8"));
var output = new java.io.PrintStream(java.lang.System.out, true, "UTF-8");
var line;
while ((line = input.readLine()) !== null) {
  var answer = {compliant: false, messages: []};
  try {
    var parser = foundry.createParser(new java.io.File(line), flavour);
    var result = foundry.createValidator(flavour, false).validate(parser);
    answer.compliant = result.isCompliant() == true;
    var failures = result.getTestAssertions().iterator();
    while (failures.hasNext()) {
      var failure = failures.next();
      if (String(failure.getStatus()) !== "PASSED") {
        answer.messages.push(String(failure.getRuleId().getClause()) + ": " + String(failure.getMessage()));
      }
    }
    parser.close();
  } catch (problem) {
    answer.messages.push(String(problem));
  }
  output.println(JSON.stringify(answer));
}
