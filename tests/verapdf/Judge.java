import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.logging.LogManager;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.VeraPDFFoundry;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

/**
 * veraPDF as a long-lived child: one JSON object a line in, one out, in order, until stdin ends.
 *
 * <p>In: {"path": file, "flavour": "2b"}. Out: {"passed": whether it conforms, "checks": assertions made, "faults":
 * [{"rule": "6.2.11.5-1", "message", "where"}]} or {"error": why it could not be judged}. The first line, {"ready":
 * true}, comes when the library is loaded. A file that cannot be parsed is an error; the caller takes it for a refusal.
 */
public final class Judge {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int FAULTS_OF_A_RULE = 3;

  private Judge() {}

  public static void main(String[] arguments) throws Exception {
    LogManager.getLogManager().reset(); // the parser tells its guesses at length; stderr is for the caller
    PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.setOut(System.err);
    VeraGreenfieldFoundryProvider.initialise();
    answers.println(JSON.createObjectNode().put("ready", true));
    BufferedReader jobs = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = jobs.readLine(); line != null; line = jobs.readLine()) {
      answers.println(answer(JSON.readTree(line)));
    }
  }

  private static ObjectNode answer(JsonNode job) {
    try {
      return judge(new File(job.get("path").asText()), PDFAFlavour.fromString(job.get("flavour").asText()));
    } catch (Exception | StackOverflowError | OutOfMemoryError error) { // whatever it is, it belongs to this file
      return JSON.createObjectNode().put("error", error.toString());
    }
  }

  private static ObjectNode judge(File file, PDFAFlavour flavour) throws Exception {
    if (flavour == PDFAFlavour.NO_FLAVOUR) {
      throw new IllegalArgumentException("no such flavour");
    }
    VeraPDFFoundry foundry = Foundries.defaultInstance();
    try (PDFAParser parser = foundry.createParser(file, flavour);
        PDFAValidator validator = foundry.createValidator(flavour, FAULTS_OF_A_RULE, false, true, false)) {
      ValidationResult result = validator.validate(parser);
      ObjectNode told = JSON.createObjectNode();
      told.put("passed", result.isCompliant());
      told.put("checks", result.getTotalAssertions());
      ArrayNode faults = told.putArray("faults");
      for (TestAssertion assertion : result.getTestAssertions()) {
        if (assertion.getStatus() == TestAssertion.Status.FAILED) {
          ObjectNode fault = faults.addObject();
          fault.put("rule", assertion.getRuleId().getClause() + "-" + assertion.getRuleId().getTestNumber());
          String detail = assertion.getErrorMessage();
          fault.put("message", detail == null ? assertion.getMessage() : detail);
          fault.put("where", assertion.getLocation().getContext());
        }
      }
      return told;
    }
  }
}
