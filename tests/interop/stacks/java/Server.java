import com.sun.net.httpserver.Filter;
import com.sun.net.httpserver.HttpContext;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.xml.ws.util.RuntimeVersion;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import jakarta.jws.WebService;
import jakarta.xml.ws.BindingType;
import jakarta.xml.ws.Endpoint;
import jakarta.xml.ws.Holder;
import jakarta.xml.ws.soap.SOAPBinding;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigInteger;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.zip.GZIPOutputStream;
import javax.xml.datatype.DatatypeConfigurationException;
import javax.xml.datatype.DatatypeFactory;
import javax.xml.datatype.XMLGregorianCalendar;
import lienthong.postal.*;

/** Metro as a foreign server: POST /VERSION/WIRE, e.g. /1.1/gzip. See tests/interop/drivers.py. */
public final class Server {
  private static final String CONTRACT = "urn:x-lienthong:postal-tracking:1";
  private static JsonObject scenarios;

  private Server() {}

  public static void main(String[] arguments) throws Exception {
    Lines lines = new Lines();
    scenarios = Lines.read(Files.readString(Path.of(arguments[1])));
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.setExecutor(Executors.newFixedThreadPool(4));
    for (String wire : List.of("plain", "gzip", "chunked")) {
      publish(server, "/1.1/" + wire, new Post11());
      publish(server, "/1.2/" + wire, new Post12());
    }
    server.start();
    lines.tell(
        Json.createObjectBuilder()
            .add("ready", true)
            .add("port", server.getAddress().getPort())
            .add("stack", RuntimeVersion.VERSION.BUILD_VERSION)
            .build());
    while (lines.next() != null) {}
    System.exit(0);
  }

  private static void publish(HttpServer server, String path, Object post) {
    HttpContext context = server.createContext(path);
    if (path.endsWith("gzip")) {
      context.getFilters().add(new Compressing());
    }
    Endpoint endpoint = Endpoint.create(post);
    endpoint.getBinding().setHandlerChain(List.of(new Security()));
    endpoint.publish(context);
  }

  /** Compresses every answer. The stream is opened with the first byte: before it the headers must go out. */
  private static final class Compressing extends Filter {
    @Override
    public String description() {
      return "gzip";
    }

    @Override
    public void doFilter(HttpExchange exchange, Chain chain) throws IOException {
      exchange.getResponseHeaders().set("Content-Encoding", "gzip");
      OutputStream plain = exchange.getResponseBody();
      exchange.setStreams(null, new Late(plain));
      chain.doFilter(exchange);
    }
  }

  private static final class Late extends OutputStream {
    private final OutputStream plain;
    private OutputStream packed;

    Late(OutputStream plain) {
      this.plain = plain;
    }

    @Override
    public void write(int one) throws IOException {
      write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int count) throws IOException {
      if (packed == null) {
        packed = new GZIPOutputStream(plain);
      }
      packed.write(bytes, from, count);
    }

    @Override
    public void close() throws IOException {
      (packed == null ? plain : packed).close();
    }
  }

  @WebService(
      endpointInterface = "lienthong.postal.PostalTracking",
      targetNamespace = CONTRACT,
      serviceName = "PostalTracking")
  public static class Post11 extends Post {}

  @WebService(
      endpointInterface = "lienthong.postal.PostalTracking",
      targetNamespace = CONTRACT,
      serviceName = "PostalTracking")
  @BindingType(SOAPBinding.SOAP12HTTP_BINDING)
  public static class Post12 extends Post {}

  /** What both versions answer. */
  public abstract static class Post implements PostalTracking {
    @Override
    public void getItemHistory(
        Holder<String> itemNumber,
        String operator,
        XMLGregorianCalendar since,
        Integer maxEvents,
        String pageToken,
        Holder<Boolean> found,
        Holder<Boolean> complete,
        Holder<XMLGregorianCalendar> asOf,
        Holder<Code> status,
        Holder<Boolean> terminal,
        Holder<HistoryEvents> events,
        Holder<String> nextPageToken)
        throws ServiceFaultMessage {
      JsonObject told = scenarios.getJsonObject(itemNumber.value);
      if (told.containsKey("fault")) {
        throw fault(told.getJsonObject("fault"));
      }
      pause(told.getInt("wait_ms", 0));
      found.value = true;
      complete.value = true;
      asOf.value = now();
      if (told.containsKey("status")) {
        status.value = code(told.getString("status"), "LT-MOVEMENT");
        terminal.value = told.getBoolean("terminal");
      }
      events.value = new HistoryEvents();
      for (JsonValue value : told.getJsonArray("events")) {
        JsonObject one = value.asJsonObject();
        for (int n = 0; n < one.getInt("repeat", 1); n++) {
          events.value.getEvent().add(event(one, itemNumber.value));
        }
      }
    }

    @Override
    public void ping(
        Holder<String> echo,
        Holder<XMLGregorianCalendar> serverTime,
        Holder<String> contractVersion,
        Holder<Boolean> accepting) {
      serverTime.value = now();
      contractVersion.value = "1.0";
      accepting.value = true;
    }

    private static Event event(JsonObject told, String number) {
      Event event = new Event();
      event.setEventId(told.getString("id", null));
      event.setItemNumber(number);
      event.setCode(code(told.getString("code"), "M40"));
      event.setText(told.getString("text", null));
      EventTime time = new EventTime();
      time.setAt(dates().newXMLGregorianCalendar(told.getString("at")));
      time.setPrecision(Precision.SECOND);
      event.setOccurred(time);
      if (told.containsKey("uri")) {
        Evidence evidence = new Evidence();
        evidence.setKind(code("SIGNATURE", "LT-EVIDENCE"));
        evidence.setSha256(new byte[32]);
        evidence.setMediaType("image/png");
        evidence.setBytes(9);
        evidence.setUri(told.getString("uri"));
        event.getEvidence().add(evidence);
      }
      return event;
    }

    private static Code code(String value, String list) {
      Code code = new Code();
      code.setValue(value);
      code.setList(list);
      return code;
    }

    private static ServiceFaultMessage fault(JsonObject told) {
      ServiceFault fault = new ServiceFault();
      fault.setCode(told.getString("code"));
      fault.setRetryable(told.getBoolean("retryable"));
      fault.setRetryAfterSeconds((long) told.getInt("after_s"));
      fault.setCorrelationId("java-1");
      fault.setMessageVi(told.getString("vi"));
      fault.setMessageEn(told.getString("en"));
      fault.setViolations(new Violations());
      return new ServiceFaultMessage(told.getString("en"), fault);
    }

    private static void pause(int milliseconds) {
      try {
        Thread.sleep(milliseconds);
      } catch (InterruptedException error) {
        Thread.currentThread().interrupt();
      }
    }

    private static XMLGregorianCalendar now() {
      return dates().newXMLGregorianCalendar(Instant.now().truncatedTo(ChronoUnit.MILLIS).toString());
    }

    private static DatatypeFactory dates() {
      try {
        return DatatypeFactory.newInstance();
      } catch (DatatypeConfigurationException error) {
        throw new IllegalStateException(error);
      }
    }

    // Nobody asks these of the post that is played here.

    @Override
    public void pushEvents(
        Holder<String> batchId,
        String sender,
        XMLGregorianCalendar sentAt,
        BigInteger sequence,
        PushedEvents events,
        Holder<String> receiptId,
        Holder<XMLGregorianCalendar> receivedAt,
        Holder<Boolean> repeated,
        Holder<Long> accepted,
        Holder<Long> duplicate,
        Holder<Long> quarantined,
        Holder<Long> rejected,
        Holder<PushResults> results) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void openTicket(
        String requestId,
        TicketItems items,
        Holder<String> ticketId,
        Holder<Long> readyAfterSeconds,
        Holder<XMLGregorianCalendar> expiresAt) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void getItemsByTicket(
        Holder<String> ticketId,
        Holder<Integer> page,
        Holder<TicketState> state,
        Holder<Long> retryAfterSeconds,
        Holder<Integer> pages,
        Holder<TicketPage> items) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void confirmManifest(
        String requestId,
        Holder<String> manifestNumber,
        Holder<Long> revision,
        ManifestRole role,
        Office office,
        Office counterparty,
        String bagNumber,
        String sealDeclared,
        String sealFound,
        Long weightGrams,
        XMLGregorianCalendar confirmedAt,
        String confirmedBy,
        long expected,
        long found,
        ManifestLines lines,
        byte[] signatureSha256,
        Holder<String> receiptId,
        Holder<Boolean> repeated,
        Holder<ManifestStatus> status,
        Holder<ManifestDiscrepancies> discrepancies) {
      throw new UnsupportedOperationException();
    }
  }
}
