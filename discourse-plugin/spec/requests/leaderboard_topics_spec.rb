# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::LeaderboardController, "the topics" do
  include_context "with a leaderboard"

  it "are those that the viewer may see" do
    group = Fabricate(:group)
    closed = Fabricate(:topic, category: Fabricate(:private_category, group: group))
    tip(post: Fabricate(:post, topic: closed, user: author))
    request
    expect(topics).to eq([])
    sign_in(viewer)
    request
    expect(topics).to eq([])
    group.add(viewer)
    request
    expect(topics).to eq([closed.id])
  end

  it "are not kept from one viewer for the next" do
    group = Fabricate(:group)
    closed = Fabricate(:topic, category: Fabricate(:private_category, group: group))
    tip(post: Fabricate(:post, topic: closed, user: author))
    group.add(viewer)
    sign_in(viewer)
    request
    expect(topics).to eq([closed.id])
    sign_in(reader)
    request
    expect(topics).to eq([])
  end

  it "are counted once a minute, and gone at once when they are deleted or closed" do
    freeze_time(Time.zone.local(2026, 11, 28, 12))
    posts = Array.new(3) { Fabricate(:post, user: author) }
    posts.each { |post| tip(post: post) }
    request(period: "all")
    posts.first.topic.trash!
    closed = Fabricate(:private_category, group: Fabricate(:group))
    posts.second.topic.update!(category: closed)
    tip(post: posts.third)
    queries = track_sql_queries { request(period: "all") }
    expect(queries.grep(/SUM\(/)).to be_empty
    expect(topics).to eq([posts.third.topic_id])
    expect(board["topics"].first["amount"]).to eq("10")
  end

  it "are no messages, no unlisted and no deleted ones, also for staff" do
    message = Fabricate(:private_message_topic, user: author, recipient: viewer)
    unlisted = Fabricate(:topic, visible: false)
    deleted = Fabricate(:topic)
    [message, unlisted, deleted].each do |topic|
      tip(post: Fabricate(:post, topic: topic, user: author))
    end
    deleted.trash!
    [viewer, Fabricate(:admin)].each do |user|
      sign_in(user)
      request
      expect(topics).to eq([])
    end
  end

  it "count no deleted, hidden or whispered posts" do
    topic = Fabricate(:topic)
    tip("1", post: Fabricate(:post, topic: topic, user: author))
    deleted = Fabricate(:post, topic: topic, user: author)
    hidden = Fabricate(:post, topic: topic, user: author, hidden: true)
    whisper = Fabricate(:whisper, topic: topic, user: author)
    [deleted, hidden, whisper].each { |post| tip("5", post: post) }
    deleted.trash!
    request
    expect(board["topics"].first).to include("amount" => "1", "count" => 1)
  end

  it "follow a post that was moved" do
    post = Fabricate(:post, user: author)
    tip(post: post)
    elsewhere = Fabricate(:topic)
    post.update!(topic: elsewhere)
    request
    expect(topics).to eq([elsewhere.id])
  end
end
