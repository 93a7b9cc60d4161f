# frozen_string_literal: true

require "rails_helper"

path = "db/migrate/20261128000120_remove_fiber_link_rows_of_the_earlier_plugin"
require File.expand_path("../../#{path}", __dir__)

RSpec.describe RemoveFiberLinkRowsOfTheEarlierPlugin do
  it "removes the earlier plugin's row for each tip, and nothing else" do
    kept = [
      %w[fiber-link tip_notifications:cursor],
      %w[fiber-link tipXnotifications:seen:1],
      %w[another tip_notifications:seen:1],
    ]
    gone = [%w[fiber-link tip_notifications:seen:1], %w[fiber-link tip_notifications:seen:2]]
    (kept + gone).each { |plugin, key| PluginStore.set(plugin, key, true) }
    described_class.new.up
    expect(PluginStoreRow.order(:id).pluck(:plugin_name, :key)).to eq(kept)
  end
end
