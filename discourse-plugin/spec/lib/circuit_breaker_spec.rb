# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::CircuitBreaker do
  include_context "with a Fiber Link server"

  before { SiteSetting.fiber_link_timeout_seconds = 2 }

  def call(**patience) = FiberLink::Client.call("health.ping", {}, **patience)

  def hang
    server.raw { sleep 4 }
    expect { call }.to raise_error(FiberLink::Unavailable, /Timeout/)
  end

  def answer
    server.raw do |socket, request|
      body = { jsonrpc: "2.0", id: request.json["id"], result: { status: "ok" } }.to_json
      socket.write(http("200 OK", body))
    end
  end

  it "lets nobody wait for a server that just hung" do
    hang
    started = Time.now
    expect { call }.to raise_error(FiberLink::Unavailable) { |error|
      expect(error.kind).to eq(:unreachable)
    }
    expect(Time.now - started).to be < 1
    expect(server.requests.size).to eq(1)
  end

  it "asks again after ten seconds" do
    hang
    answer
    freeze_time 11.seconds.from_now
    expect(call.string("status")).to eq("ok")
  end

  it "ends with the first answer to who asks nevertheless" do
    hang
    answer
    expect(FiberLink::Health.check.error).to be_nil
    expect(call.string("status")).to eq("ok")
  end

  it "does not keep the feed from asking, but a page that looks at a tip" do
    hang
    server.raw { |socket, _request| socket.write(http("503 Service Unavailable", "")) }
    FiberLink::TipRefresh.call(Fabricate(:fiber_link_tip, state: "open"))
    expect(server.requests.size).to eq(1)
    expect { FiberLink::Feed.drain(pages: 1) }.to raise_error(FiberLink::Unavailable)
    expect(server.requests.size).to eq(2)
  end

  it "is none of a server that is away or answers nonsense, which takes no time" do
    server.raw { |socket, _request| socket.write("nonsense\r\n\r\n") }
    expect { call }.to raise_error(FiberLink::Unavailable)
    server_is_away
    expect { call }.to raise_error(FiberLink::Unavailable)
    server.configure_forum
    answer
    expect(call.string("status")).to eq("ok")
  end

  it "stays while a server begins an answer and never ends it" do
    server.raw do |socket, _request|
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
      sleep 4
    end
    expect { call }.to raise_error(FiberLink::Unavailable)
    expect { call }.to raise_error(FiberLink::Unavailable, /not asked/)
  end

  it "writes to Redis outside of the time limit" do
    inside = []
    %i[setex del].each do |command|
      Discourse.redis.stubs(command).with do
        inside << caller.any? { |line| line.include?("/timeout.rb") }
      end
    end
    server.on("health.ping") { { status: "ok" } }
    call
    expect(inside).to eq([false, false])
  end
end
