import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.logging.LogManager;

/** One JSON object a line in, one out: the pipe to the caller. Whatever else writes to stdout goes to stderr, its log nowhere. */
final class Lines {
  private final PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
  private final BufferedReader jobs = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));

  Lines() {
    System.setOut(System.err);
    LogManager.getLogManager().reset(); // it prints every fault with its trace
  }

  void tell(JsonObject told) {
    answers.println(told.toString());
  }

  /** The next job, or null when the caller has gone. */
  JsonObject next() throws Exception {
    String line = jobs.readLine();
    return line == null ? null : read(line);
  }

  static JsonObject read(String text) {
    try (JsonReader reader = Json.createReader(new StringReader(text))) {
      return reader.readObject();
    }
  }
}
