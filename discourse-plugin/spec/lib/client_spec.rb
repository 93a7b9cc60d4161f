# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::Client do
  include_context "with a Fiber Link server"

  def call(...) = described_class.call("health.ping", ...)

  def expect_unavailable(kind, seconds: 5)
    started = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    expect { call }.to raise_error(FiberLink::Unavailable) { |error|
      expect(error.kind).to eq(kind)
    }
    expect(Process.clock_gettime(Process::CLOCK_MONOTONIC) - started).to be < seconds
  end

  def respond(socket, body, status: "200 OK", headers: "")
    socket.write("HTTP/1.1 #{status}\r\nContent-Length: #{body.bytesize}\r\n#{headers}\r\n#{body}")
  end

  it "signs what it asks, so that the server lets it in" do
    server.on("health.ping") { { status: "ok" } }
    expect(call({ a: "ü" }).string("status")).to eq("ok")
    expect(server.requests.first.json).to include(
      "jsonrpc" => "2.0",
      "method" => "health.ping",
      "params" => { "a" => "ü" },
    )
  end

  it "signs with a new nonce each time" do
    server.on("health.ping") { {} }
    2.times { call }
    expect(server.requests.map { |request| request.headers["x-nonce"] }.uniq.size).to eq(2)
  end

  it "says that it is unauthorized with a wrong secret" do
    SiteSetting.fiber_link_app_secret = "another"
    expect_unavailable(:unauthorized)
  end

  it "says that it is not configured without URL, app id or secret" do
    %i[fiber_link_service_url fiber_link_app_id fiber_link_app_secret].each do |setting|
      server.configure_forum
      SiteSetting.remove_override!(setting)
      expect_unavailable(:not_configured)
    end
    expect(server.requests).to be_empty
  end

  it "says that the server is unreachable when nothing listens" do
    SiteSetting.fiber_link_service_url = "http://127.0.0.1:1"
    expect_unavailable(:unreachable)
  end

  it "gives a server up that hangs" do
    SiteSetting.fiber_link_timeout_seconds = 2
    server.raw { sleep 20 }
    expect_unavailable(:unreachable, seconds: 10)
  end

  it "gives a server up that sends a byte now and then" do
    SiteSetting.fiber_link_timeout_seconds = 2
    server.raw do |socket|
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
      30.times { socket.write(" ") && sleep(0.5) }
    end
    expect_unavailable(:unreachable, seconds: 10)
  end

  it "does not ask again when the server hangs up" do
    server.raw { |socket| socket.close }
    expect_unavailable(:unreachable)
    expect(server.requests.size).to eq(1)
  end

  it "stops reading an answer of 50 MB" do
    WebMock.disable! # It reads whole answers itself.
    sent = 0
    server.raw do |socket|
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n")
      5000.times { sent += socket.write("x" * 10_000) }
    end
    expect_unavailable(:bad_answer)
    # The system's own buffers take some of it.
    expect(sent).to be < 25_000_000
  ensure
    WebMock.enable!
  end

  it "follows no redirect" do
    other = FakeFiberLinkServer.new
    server.raw do |socket|
      respond(socket, "", status: "307 Temporary Redirect", headers: "Location: #{other.url}/\r\n")
    end
    expect_unavailable(:bad_answer)
    expect(other.requests).to be_empty
    other.stop
  end

  it "takes nothing for an answer that is none" do
    deep = "#{"[" * 10_000}#{"]" * 10_000}"
    [
      "", "nonsense", "[]", "null", "1", "{}", "<html></html>", deep, "\xff\xfe",
      "{\"jsonrpc\":\"2.0\",\"id\":\"another\",\"result\":{}}",
      "{\"error\":1}", "{\"error\":{\"code\":\"x\"}}"
    ].each do |body|
      server.raw { |socket| respond(socket, body) }
      expect_unavailable(:bad_answer)
    end
  end

  it "takes a result of the wrong type for a bad answer" do
    server.on("health.ping") { [1, 2] }
    expect_unavailable(:bad_answer)
  end

  it "tells a busy server from a broken one" do
    { "503 Service Unavailable" => :unreachable, "404 Not Found" => :bad_answer,
      "401 Unauthorized" => :unauthorized }.each do |status, kind|
      server.raw { |socket| respond(socket, "", status: status) }
      expect_unavailable(kind)
    end
  end

  it "passes words for people on, as one line of limited length" do
    server.on("health.ping") { server.error(-32_602, "too\n<b>little</b>#{"x" * 1000}") }
    expect { call }.to raise_error(FiberLink::Refused) { |error|
      expect(error.reason).to eq(:refused)
      expect(error.message).to start_with("too <b>little</b>x")
      expect(error.message.length).to eq(300)
    }
  end

  it "passes on which fields are wrong, by the forum's names" do
    issues = [{ field: "toAddress", message: "has to be an invoice" }, 1, { field: 2 }]
    server.on("health.ping") { server.error(-32_602, "Invalid params", { issues: issues }) }
    expect { call }.to raise_error(FiberLink::Refused) { |error|
      expect(error.reason).to eq(:invalid)
      expect(error.issues).to eq([{ field: "to_address", message: "has to be an invoice" }])
    }
  end

  it "gives every refusal its reason in our words" do
    {
      -32_010 => :idempotency_conflict, -32_012 => :refused, -32_013 => :paused,
      -32_004 => :not_found
    }.each do |code, reason|
      server.on("health.ping") { server.error(code, "words of the server") }
      expect { call }.to raise_error(FiberLink::Refused) { |error|
        expect(error.reason).to eq(reason)
        expect(error.message).to eq(I18n.t("fiber_link.refused.#{reason}"))
      }
    end
  end

  it "is unavailable while the server's node is, while it is too busy and when it failed" do
    {
      -32_011 => :unreachable,
      -32_005 => :unreachable,
      -32_603 => :bad_answer,
    }.each do |code, kind|
      server.on("health.ping") { server.error(code, "words") }
      expect_unavailable(kind)
    end
  end

  it "measures how far the server's clock is ahead" do
    server.raw do |socket|
      respond(socket, "{}", headers: "Date: #{(Time.now + 120).httpdate}\r\n")
    end
    expect_unavailable(:bad_answer)
    expect(FiberLink::ClockSkew.seconds).to be_between(114, 121)
  end

  it "logs the cause and never the secret" do
    log = StringIO.new
    Rails.stubs(:logger).returns(Logger.new(log))
    SiteSetting.fiber_link_service_url = "http://127.0.0.1:1"
    expect { call }.to raise_error(FiberLink::Unavailable)
    expect(log.string).to include("health.ping: unreachable: Errno::ECONNREFUSED")
    expect(log.string).not_to include(FakeFiberLinkServer::SECRET)
  end

  it "gives a waiting request the time of its wait and ten seconds more" do
    SiteSetting.fiber_link_timeout_seconds = 2
    server.on("event.list") do
      sleep 3
      { items: [], nextCursor: nil }
    end
    described_class.call("event.list", {}, wait_seconds: 20)
    expect(server.requests.first.params).to eq("waitSeconds" => 20)
  end
end
