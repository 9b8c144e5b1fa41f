import com.sun.xml.ws.developer.JAXWSProperties;
import com.sun.xml.ws.util.RuntimeVersion;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import jakarta.xml.ws.BindingProvider;
import jakarta.xml.ws.Holder;
import jakarta.xml.ws.handler.MessageContext;
import java.net.URL;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.xml.datatype.DatatypeFactory;
import javax.xml.datatype.XMLGregorianCalendar;
import javax.xml.namespace.QName;
import lienthong.postal.*;

/**
 * Metro as a foreign client, with the classes that its own generator makes of our WSDL.
 *
 * <p>The words of a job and of an answer are those of tests/interop/drivers.py.
 */
public final class Client {
  private static final String CONTRACT = "urn:x-lienthong:postal-tracking:1";
  private static final Map<String, PostalTracking> PORTS = new HashMap<>();
  private static final Security SECURITY = new Security();

  private Client() {}

  public static void main(String[] arguments) throws Exception {
    Lines lines = new Lines();
    lines.tell(
        Json.createObjectBuilder()
            .add("ready", true)
            .add("stack", RuntimeVersion.VERSION.BUILD_VERSION)
            .add("on", System.getProperty("java.version"))
            .build());
    for (JsonObject job = lines.next(); job != null; job = lines.next()) {
      lines.tell(answer(job));
    }
  }

  private static JsonObject answer(JsonObject job) {
    try {
      PostalTracking port = port(job);
      switch (job.getString("operation")) {
        case "ping":
          return ping(port, job);
        case "history":
          return history(port, job);
        case "others":
          return others(port, job);
        default:
          return push(port, job);
      }
    } catch (ServiceFaultMessage fault) {
      return Json.createObjectBuilder()
          .add(
              "fault",
              Json.createObjectBuilder()
                  .add("side", SECURITY.side)
                  .add("code", fault.getFaultInfo().getCode())
                  .add("vi", fault.getFaultInfo().getMessageVi()))
          .build();
    } catch (Exception error) { // whatever it is, it belongs to this job and the caller judges it
      return Json.createObjectBuilder().add("error", error.toString()).build();
    }
  }

  private static PostalTracking port(JsonObject job) throws Exception {
    String version = job.getString("version");
    String name = job.getString("wsdl") + " " + version;
    if (!PORTS.containsKey(name)) {
      QName wanted = new QName(CONTRACT, "PostalTrackingSoap" + version.replace(".", ""));
      PostalTracking_Service service = new PostalTracking_Service(new URL(job.getString("wsdl")));
      PORTS.put(name, service.getPort(wanted, PostalTracking.class));
    }
    PostalTracking port = PORTS.get(name);
    BindingProvider provider = (BindingProvider) port;
    Map<String, Object> told = provider.getRequestContext();
    told.put(BindingProvider.ENDPOINT_ADDRESS_PROPERTY, job.getString("url"));
    told.put(
        MessageContext.HTTP_REQUEST_HEADERS,
        Map.of("Accept-Encoding", List.of(job.getBoolean("gzip") ? "gzip" : "identity")));
    if (job.getBoolean("chunked")) {
      told.put(JAXWSProperties.HTTP_CLIENT_STREAMING_CHUNK_SIZE, 100);
    } else {
      told.remove(JAXWSProperties.HTTP_CLIENT_STREAMING_CHUNK_SIZE);
    }
    SECURITY.user = job.getString("user");
    SECURITY.password = job.getString("password");
    provider.getBinding().setHandlerChain(new ArrayList<>(List.of(SECURITY)));
    return port;
  }

  private static JsonObject ping(PostalTracking port, JsonObject job) throws Exception {
    Holder<String> echo = new Holder<>(job.isNull("echo") ? null : job.getString("echo"));
    Holder<XMLGregorianCalendar> time = new Holder<>();
    Holder<String> contract = new Holder<>();
    Holder<Boolean> accepting = new Holder<>();
    port.ping(echo, time, contract, accepting);
    return Json.createObjectBuilder()
        .add("echo", text(echo.value))
        .add("accepting", accepting.value)
        .add("contract", contract.value)
        .build();
  }

  private static JsonObject history(PostalTracking port, JsonObject job) throws Exception {
    Holder<Boolean> found = new Holder<>();
    Holder<Boolean> complete = new Holder<>();
    Holder<HistoryEvents> events = new Holder<>();
    Holder<String> next = new Holder<>();
    Holder<String> number = new Holder<>(job.getString("number"));
    port.getItemHistory(
        number, null, null, null, null, found, complete, new Holder<>(), new Holder<>(), new Holder<>(), events, next);
    JsonArrayBuilder told = Json.createArrayBuilder();
    for (Event event : events.value.getEvent()) {
      told.add(
          Json.createObjectBuilder()
              .add("code", event.getCode().getValue())
              .add("list", event.getCode().getList())
              .add("at", event.getOccurred().getAt().toGregorianCalendar().getTimeInMillis() / 1000)
              .add("text", text(event.getText())));
    }
    return Json.createObjectBuilder()
        .add("found", found.value)
        .add("complete", complete.value)
        .add("next", text(next.value))
        .add("events", told)
        .build();
  }

  private static JsonObject push(PostalTracking port, JsonObject job) throws Exception {
    DatatypeFactory dates = DatatypeFactory.newInstance();
    PushedEvents events = new PushedEvents();
    for (JsonValue value : job.getJsonArray("events")) {
      JsonObject told = value.asJsonObject();
      Event event = new Event();
      event.setItemNumber(told.getString("number"));
      Code code = new Code();
      code.setValue(told.getString("code"));
      code.setList(told.getString("list"));
      event.setCode(code);
      event.setText(told.isNull("text") ? null : told.getString("text"));
      EventTime time = new EventTime();
      time.setAt(dates.newXMLGregorianCalendar(told.getString("at")));
      time.setPrecision(Precision.SECOND);
      event.setOccurred(time);
      events.getEvent().add(event);
    }
    Holder<Boolean> repeated = new Holder<>();
    Holder<Long> accepted = new Holder<>();
    Holder<Long> rejected = new Holder<>();
    Holder<PushResults> results = new Holder<>();
    port.pushEvents(
        new Holder<>(job.getString("batch")),
        job.getString("user"),
        dates.newXMLGregorianCalendar(job.getString("sent_at")),
        null,
        events,
        new Holder<>(),
        new Holder<>(),
        repeated,
        accepted,
        new Holder<>(),
        new Holder<>(),
        rejected,
        results);
    JsonArrayBuilder told = Json.createArrayBuilder();
    for (PushResult one : results.value.getResult()) {
      told.add(
          Json.createArrayBuilder().add(one.getIndex()).add(one.getOutcome().value()).add(text(one.getCode())));
    }
    JsonObjectBuilder reply = Json.createObjectBuilder();
    return reply
        .add("repeated", repeated.value)
        .add("accepted", accepted.value)
        .add("rejected", rejected.value)
        .add("results", told)
        .build();
  }

  private static JsonObject others(PostalTracking port, JsonObject job) throws Exception {
    String name = job.getString("name");
    TicketItems asked = new TicketItems();
    asked.getItemNumber().add(job.getString("number"));
    Holder<String> ticket = new Holder<>();
    port.openTicket(name, asked, ticket, new Holder<>(), new Holder<>());
    Holder<Integer> page = new Holder<>(1);
    Holder<TicketState> state = new Holder<>();
    Holder<TicketPage> items = new Holder<>();
    port.getItemsByTicket(ticket, page, state, new Holder<>(), new Holder<>(), items);
    ManifestLine line = new ManifestLine();
    line.setItemNumber(job.getString("number"));
    line.setOutcome(LineOutcome.PRESENT);
    ManifestLines lines = new ManifestLines();
    lines.getLine().add(line);
    Holder<Long> revision = new Holder<>(1L);
    Holder<ManifestStatus> status = new Holder<>();
    XMLGregorianCalendar at = DatatypeFactory.newInstance().newXMLGregorianCalendar(job.getString("at"));
    port.confirmManifest(
        name,
        new Holder<>(name),
        revision,
        ManifestRole.GIVING,
        office("H99.01"),
        office("H99.02"),
        null,
        null,
        null,
        null,
        at,
        "nv-07",
        1,
        1,
        lines,
        null,
        new Holder<>(),
        new Holder<>(),
        status,
        new Holder<>());
    return Json.createObjectBuilder()
        .add("state", state.value.value())
        .add("page", page.value)
        .add("items", items.value.getItem().size())
        .add("manifest", status.value.value())
        .add("revision", revision.value)
        .build();
  }

  private static Office office(String code) {
    Office office = new Office();
    office.setCode(code);
    office.setScheme(OfficeScheme.UNIT);
    return office;
  }

  private static JsonValue text(String value) {
    return value == null ? JsonValue.NULL : Json.createValue(value);
  }
}
