import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.HexFormat;

/** Says who the client is by its certificate. The parameter "fill" pads the answer. */
public class Identity extends HttpServlet {
  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
    X509Certificate[] chain = (X509Certificate[]) request.getAttribute("jakarta.servlet.request.X509Certificate");
    String subject = "";
    String thumbprint = "";
    if (chain != null) {
      subject = chain[0].getSubjectX500Principal().getName();
      try {
        thumbprint = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(chain[0].getEncoded()));
      } catch (Exception cause) {
        throw new IOException(cause);
      }
    }
    String fill = getInitParameter("fill");
    byte[] body = ("{\"subject\":\"" + subject + "\",\"thumbprint\":\"" + thumbprint + "\",\"fill\":\"" + fill + "\"}")
        .getBytes(StandardCharsets.UTF_8);
    response.setContentType("application/json");
    response.setContentLength(body.length);
    response.getOutputStream().write(body);
  }
}
