# frozen_string_literal: true

require "socket"

# A Fiber Link server as far as it speaks HTTP and checks signatures, whose answers a spec names:
#
#   server.on("tip.create") { |params| { tipId: "1" } }
#   server.on("tip.create") { server.error(-32_602, "words") }
#   server.raw { |socket, request| socket.write("nonsense") }
class FakeFiberLinkServer
  Request = Struct.new(:headers, :body, :at, keyword_init: true) do
    def json = JSON.parse(body)
    def method = json["method"]
    def params = json["params"]
  end

  SECRET = "s3cret-of-the-forum"
  APP_ID = "forum"

  attr_reader :requests

  def initialize
    @server = TCPServer.new("127.0.0.1", 0)
    @handlers = {}
    @requests = []
    @nonces = Set.new
    @sockets = []
    @lock = Mutex.new
    @thread = Thread.new { loop { serve(@server.accept) } }
  end

  def configure_forum
    SiteSetting.fiber_link_service_url = url
    SiteSetting.fiber_link_app_id = APP_ID
    SiteSetting.fiber_link_app_secret = SECRET
    SiteSetting.fiber_link_enabled = true
  end

  def url = "http://127.0.0.1:#{@server.local_address.ip_port}"
  def on(method, &block) = @handlers[method] = block
  def raw(&block) = @raw = block
  def calls(method) = requests.select { |request| request.method == method }

  def error(code, message, data = nil)
    { __error: { code: code, message: message, data: data }.compact }
  end

  def stop
    @thread.kill
    @server.close
    @sockets.each { |socket| socket.close unless socket.closed? }
  end

  private

  def serve(socket)
    @sockets << socket
    Thread.new do
      request = read(socket)
      if request
        @lock.synchronize { @requests << request }
        @raw ? @raw.call(socket, request) : reply(socket, request)
      end
    rescue IOError, SystemCallError
      nil # The forum hung up.
    ensure
      socket.close unless socket.closed?
    end
  end

  def read(socket)
    return if socket.gets.nil?
    headers = {}
    while (line = socket.gets&.chomp).present?
      name, value = line.split(": ", 2)
      headers[name.downcase] = value
    end
    body = socket.read(headers["content-length"].to_i)
    Request.new(headers: headers, body: body, at: Time.now)
  end

  def reply(socket, request)
    result = authentic?(request) ? handle(request) : error(-32_001, "Unauthorized")
    answer = { jsonrpc: "2.0", id: request.json["id"] }
    failed = result.is_a?(Hash) && result[:__error]
    write(socket, (failed ? answer.merge(error: failed) : answer.merge(result: result)).to_json)
  end

  def handle(request)
    handler = @handlers[request.method]
    return error(-32_601, "Method not found: #{request.method}") if handler.nil?
    handler.call(request.params)
  end

  def write(socket, body)
    socket.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: #{Time.now.httpdate}")
    socket.write("\r\nContent-Length: #{body.bytesize}\r\nConnection: close\r\n\r\n#{body}")
  end

  def authentic?(request)
    timestamp, nonce = request.headers.values_at("x-ts", "x-nonce")
    signed = "#{timestamp}.#{nonce}.#{request.body}"
    request.headers["x-app-id"] == APP_ID && (timestamp.to_i - Time.now.to_i).abs <= 300 &&
      nonce.to_s.match?(/\A[!-~]{1,128}\z/) && @lock.synchronize { @nonces.add?(nonce) } &&
      request.headers["x-signature"] == OpenSSL::HMAC.hexdigest("SHA256", SECRET, signed)
  end
end

RSpec.shared_context "with a Fiber Link server" do
  let(:server) { FakeFiberLinkServer.new }

  before { server.configure_forum }
  after { server.stop }
end
