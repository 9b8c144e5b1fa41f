import jakarta.xml.soap.SOAPElement;
import jakarta.xml.soap.SOAPEnvelope;
import jakarta.xml.soap.SOAPException;
import jakarta.xml.soap.SOAPHeader;
import jakarta.xml.soap.SOAPHeaderElement;
import jakarta.xml.ws.handler.MessageContext;
import jakarta.xml.ws.handler.soap.SOAPHandler;
import jakarta.xml.ws.handler.soap.SOAPMessageContext;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Set;
import javax.xml.namespace.QName;

/**
 * A UsernameToken with a digest on the way out; on the way in it says that Security is understood.
 *
 * <p>JAX-WS has no WS-Security of its own: this handler is how its users add one.
 */
final class Security implements SOAPHandler<SOAPMessageContext> {
  private static final String OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-";
  private static final String SECEXT = OASIS + "wssecurity-secext-1.0.xsd";
  private static final String UTILITY = OASIS + "wssecurity-utility-1.0.xsd";
  private static final String DIGEST = OASIS + "username-token-profile-1.0#PasswordDigest";
  private static final String BASE64 = OASIS + "soap-message-security-1.0#Base64Binary";

  String user;
  String password;

  /** The side that the last fault blamed: the local part of its code. */
  String side;

  @Override
  public Set<QName> getHeaders() {
    return Set.of(new QName(SECEXT, "Security"));
  }

  @Override
  public boolean handleMessage(SOAPMessageContext context) {
    if (user == null || !(Boolean) context.get(MessageContext.MESSAGE_OUTBOUND_PROPERTY)) {
      return true;
    }
    try {
      SOAPEnvelope envelope = context.getMessage().getSOAPPart().getEnvelope();
      SOAPHeader header = envelope.getHeader() == null ? envelope.addHeader() : envelope.getHeader();
      add(header);
    } catch (SOAPException | GeneralSecurityException error) {
      throw new IllegalStateException(error);
    }
    return true;
  }

  private void add(SOAPHeader header) throws SOAPException, GeneralSecurityException {
    byte[] nonce = new byte[16];
    new SecureRandom().nextBytes(nonce);
    String created = Instant.now().truncatedTo(ChronoUnit.MILLIS).toString();
    MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
    sha1.update(nonce);
    sha1.update(created.getBytes(StandardCharsets.UTF_8));
    sha1.update(password.getBytes(StandardCharsets.UTF_8));
    SOAPHeaderElement security = header.addHeaderElement(new QName(SECEXT, "Security", "wsse"));
    security.setMustUnderstand(true);
    SOAPElement token = security.addChildElement("UsernameToken", "wsse");
    token.addChildElement("Username", "wsse").addTextNode(user);
    SOAPElement digest = token.addChildElement("Password", "wsse");
    digest.addAttribute(new QName("Type"), DIGEST);
    digest.addTextNode(Base64.getEncoder().encodeToString(sha1.digest()));
    SOAPElement told = token.addChildElement("Nonce", "wsse");
    told.addAttribute(new QName("EncodingType"), BASE64);
    told.addTextNode(Base64.getEncoder().encodeToString(nonce));
    token.addChildElement("Created", "wsu", UTILITY).addTextNode(created);
  }

  @Override
  public boolean handleFault(SOAPMessageContext context) {
    try {
      side = context.getMessage().getSOAPBody().getFault().getFaultCodeAsQName().getLocalPart();
    } catch (SOAPException error) {
      throw new IllegalStateException(error);
    }
    return true;
  }

  @Override
  public void close(MessageContext context) {}
}
