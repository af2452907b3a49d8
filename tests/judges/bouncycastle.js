// Run by Rhino with BouncyCastle on the class path: reads "record<TAB>data<TAB>certificate" lines, answers a word each.
var Ers = Packages.org.bouncycastle.tsp.ers;
var calculators = new Packages.org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder().build();
var input = new java.io.BufferedReader(new java.io.InputStreamReader(java.lang.System["in"], "UTF-8"));
var output = new java.io.PrintStream(java.lang.System.out, true, "UTF-8");
function bytes(path) { return java.nio.file.Files.readAllBytes(java.nio.file.Paths.get(path)); }
var line;
while ((line = input.readLine()) !== null) {
  var parts = String(line).split("\t");
  try {
    var record = new Ers.ERSEvidenceRecord(bytes(parts[0]), calculators);
    var holder = new Packages.org.bouncycastle.cert.X509CertificateHolder(bytes(parts[2]));
    record.validate(new Packages.org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder().build(holder));
    record.validatePresent(new Ers.ERSByteData(bytes(parts[1])), new java.util.Date(4102444800000));
    output.println("accepted " + record.getEncoded().length);
  } catch (problem) {
    output.println("refused " + String(problem).replace(/\s+/g, " "));
  }
}
