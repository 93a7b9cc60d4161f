# frozen_string_literal: true

require "rails_helper"

RSpec.describe Jobs::FiberLinkWatch do
  include_context "with a Fiber Link server"

  let(:tip) { Fabricate(:fiber_link_tip, state: "open") }

  def run = described_class.new.execute({})
  def last_args = described_class.jobs.last["args"].first.with_indifferent_access
  def delay = described_class.jobs.last["at"] - Time.now.to_f

  it "records a settlement as soon as the server tells of it" do
    serve_events([settled_event(tip)])
    run
    expect(tip.reload.state).to eq("settled")
    expect(server.calls("event.list").first.params["waitSeconds"]).to eq(20)
  end

  it "goes on while tips are open, and ends with the last of them" do
    serve_events([])
    tip
    expect_enqueued_with(job: :fiber_link_watch) { run }
    expect(FiberLink::Watch).to be_running
    tip.update!(expires_at: 1.hour.ago)
    following = last_args
    expect_not_enqueued_with(job: :fiber_link_watch) { described_class.new.execute(following) }
    expect(server.calls("event.list").size).to eq(1)
    expect(FiberLink::Watch).not_to be_running
  end

  it "leaves a server alone for a while that does not let it wait" do
    freeze_time
    serve_events([])
    tip
    run
    expect(delay).to be_within(0.01).of(10)
  end

  it "asks once in one run, and leaves the thread to other jobs between two" do
    freeze_time
    other = Fabricate(:fiber_link_tip, state: "open")
    serve_events(Array.new(500) { settled_event(tip) })
    expect(other).to be_open
    run
    expect(server.calls("event.list").size).to eq(1)
    expect(delay).to be_within(0.01).of(1)
  end

  it "makes a longer pause after a round in which nothing came" do
    freeze_time
    stub_const(FiberLink::Watch, :WAIT_SECONDS, 1) do
      tip
      server.on("event.list") do
        sleep 1
        { items: [], nextCursor: nil }
      end
      run
      expect(delay).to be_within(0.01).of(3)
    end
  end

  it "leaves the lock to who took it meanwhile, and does not go on" do
    tip
    server.on("event.list") do
      Discourse.redis.set(FiberLink::Watch::KEY, "another", ex: 5)
      { items: [], nextCursor: nil }
    end
    expect_not_enqueued_with(job: :fiber_link_watch) { run }
    expect(Discourse.redis.get(FiberLink::Watch::KEY)).to eq("another")
    expect(Discourse.redis.ttl(FiberLink::Watch::KEY)).to be <= 5
  end

  it "waits once at a time, and others do nothing meanwhile" do
    tip
    server.on("event.list") do
      run
      { items: [], nextCursor: nil }
    end
    run
    expect(server.calls("event.list").size).to eq(1)
  end

  it "is not started while one waits" do
    tip
    serve_events([])
    Discourse.redis.set(FiberLink::Watch::KEY, "another", ex: 60)
    expect_not_enqueued_with(job: :fiber_link_watch) { FiberLink::Watch.start }
    run
    expect(server.requests).to be_empty
    expect(Discourse.redis.get(FiberLink::Watch::KEY)).to eq("another")
  end

  it "does not become two where a job begins between one and the next" do
    serve_events([])
    tip
    run
    run
    expect(described_class.jobs.size).to eq(1)
    described_class.new.execute(last_args)
    expect(server.calls("event.list").size).to eq(2)
    expect(described_class.jobs.size).to eq(2)
    described_class.new.execute({ token: "another" })
    expect(server.calls("event.list").size).to eq(2)
  end

  it "is started again for a tip that was made while it ended" do
    serve_events([])
    FiberLink::Tip.stubs(:awaited).returns(
      FiberLink::Tip.where(id: tip.id),
      FiberLink::Tip.none,
      FiberLink::Tip.where(id: tip.id),
    )
    expect_enqueued_with(job: :fiber_link_watch) { run }
    expect(FiberLink::Watch).not_to be_running
  end

  it "is started again after a process that died" do
    tip
    Discourse.redis.set(FiberLink::Watch::KEY, "dead", ex: FiberLink::Watch::LOCK_SECONDS)
    freeze_time 61.seconds.from_now
    expect_enqueued_with(job: :fiber_link_watch) { FiberLink::Watch.start }
  end

  it "ends when the server does not answer, and leaves it to the scheduled job to begin again" do
    tip
    SiteSetting.fiber_link_service_url = "http://127.0.0.1:1"
    expect_not_enqueued_with(job: :fiber_link_watch) { run }
    expect(FiberLink::Watch).not_to be_running
    expect_enqueued_with(job: :fiber_link_watch) { Jobs::FiberLinkSync.new.execute({}) }
  end

  it "does nothing while the plugin is off" do
    tip
    SiteSetting.fiber_link_enabled = false
    run
    expect(server.requests).to be_empty
    expect(described_class.jobs).to be_empty
  end
end
