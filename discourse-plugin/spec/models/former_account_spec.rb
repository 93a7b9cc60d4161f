# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::FormerAccount do
  fab!(:user)
  fab!(:source, :user)

  before { SiteSetting.fiber_link_enabled = true }

  def merge(source, target)
    UserMerger.new(source, target).merge!
  end

  def of(user)
    described_class.of(user).pluck(:former_id, :username)
  end

  it "belongs to the account that it was merged into" do
    merge(source, user)
    expect(of(user)).to eq([[source.id, source.username]])
    expect(described_class.current_id(source.id)).to eq(user.id)
    expect(described_class.current_id(user.id)).to eq(user.id)
    expect(described_class.current_id(nil)).to be_nil
  end

  it "goes on to the account that its user is merged into" do
    merge(source, user)
    last = Fabricate(:user)
    merge(user, last)
    expect(of(last)).to contain_exactly(
      [source.id, source.username],
      [user.id, user.username],
    )
    expect(of(user)).to eq([])
  end

  it "is written down while the plugin is off" do
    SiteSetting.fiber_link_enabled = false
    merge(source, user)
    expect(of(user).size).to eq(1)
  end

  it "is forgotten with its user, and its name when its user is anonymized" do
    merge(source, user)
    UserAnonymizer.make_anonymous(user)
    expect(of(user)).to eq([[source.id, nil]])
    UserDestroyer.new(Fabricate(:admin)).destroy(user)
    expect(described_class.count).to eq(0)
  end

  it "is nobody else's as long as its user is there: the merge may be given up" do
    DiscourseEvent.trigger(:merging_users, source, user)
    expect(of(user)).to eq([])
    source.destroy!
    expect(of(user)).to eq([[source.id, source.username]])
  end

  it "comes to nobody whose merge was given up, also when its user is deleted later" do
    DiscourseEvent.trigger(:merging_users, source, user)
    expect(described_class.current_id(source.id)).to eq(user.id)
    freeze_time 2.days.from_now
    expect(described_class.current_id(source.id)).to eq(source.id)
    UserDestroyer.new(Fabricate(:admin)).destroy(source)
    expect(of(user)).to eq([])
    expect(described_class.current_id(source.id)).to eq(source.id)
  end

  it "is still who it was merged into long after" do
    merge(source, user)
    freeze_time 1.year.from_now
    expect(of(user)).to eq([[source.id, source.username]])
    expect(described_class.current_id(source.id)).to eq(user.id)
  end

  it "stays closed when an interrupted merge is done once more" do
    UserAnonymizer.make_anonymous(source)
    2.times { DiscourseEvent.trigger(:merging_users, source, user) }
    expect(described_class.find(source.id)).to have_attributes(closed: true, username: nil)
  end

  it "is not written down by hand for an account that is there" do
    row = described_class.new(former_id: source.id, user_id: user.id)
    expect(row).not_to be_valid
    source.destroy!
    expect(row).to be_valid
  end

  it "has no name if it was anonymized before" do
    UserAnonymizer.make_anonymous(source)
    merge(source, user)
    expect(of(user)).to eq([[source.id, nil]])
  end

  it "is listed a bounded number of times, the newest first" do
    now = Time.zone.now
    rows =
      (1..25).map do |n|
        { former_id: 10_000 + n, user_id: user.id, username: "old-#{n}", created_at: now + n }
      end
    described_class.insert_all(rows)
    expect(of(user).map(&:first)).to eq((10_006..10_025).to_a.reverse)
  end
end
